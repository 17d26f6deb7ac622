export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  runtimeConfig: { sessionSecret: "" }, // set by NUXT_SESSION_SECRET at run time
});
