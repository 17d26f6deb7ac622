/** For several processes: keeps the revocation list in a Redis that they share. */

export async function register(): Promise<void> {
  const url = process.env.REDIS_URL;
  if (url === undefined || process.env.NEXT_RUNTIME !== "nodejs") return;
  const { createClient } = await import("redis");
  const { redisRevocation } = await import("bulla/session");
  const client = createClient({ url, disableOfflineQueue: true });
  client.on("error", (error) => console.error(error));
  globalThis.revocation = redisRevocation(await client.connect());
}
