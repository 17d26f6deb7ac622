export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  runtimeConfig: { sessionSecret: "" }, // NUXT_SESSION_SECRET, when the server runs
});
