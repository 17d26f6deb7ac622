/** Changes the session, and so does the endpoint that it calls. */

import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ locals: { session }, fetch, url }) => {
  const before = await fetch("/fetched/inner");
  if (url.searchParams.has("outer")) session.visits = 100;
  return { inner: await before.text() };
};
