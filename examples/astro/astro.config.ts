import node from "@astrojs/node";
import { defineConfig } from "astro/config";

export default defineConfig({
  output: "server",
  adapter: node({ mode: "standalone" }),
  // The name by which browsers reach it: without it forms are refused behind a proxy that ends TLS.
  security: { allowedDomains: [{ hostname: "localhost" }] },
});
