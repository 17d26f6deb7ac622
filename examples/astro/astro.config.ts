import node from "@astrojs/node";
import { defineConfig } from "astro/config";

export default defineConfig({
  output: "server",
  adapter: node({ mode: "standalone" }),
  // The host name that browsers use. Without it Astro refuses forms behind a proxy that ends TLS.
  security: { allowedDomains: [{ hostname: "localhost" }] },
});
