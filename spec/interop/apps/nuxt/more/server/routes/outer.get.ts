/** Calls other routes of the same server. */

export default defineEventHandler(async (event) => {
  const read = await event.$fetch("/me");
  const attached = await event.fetch("/inner");
  const stored = await event.fetch("/inner-store");
  return {
    read,
    attached: attached.headers.getSetCookie().length,
    stored: stored.headers.getSetCookie().length,
  };
});
