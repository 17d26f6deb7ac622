/**
 * One process of the fleet. Each of them can answer every visitor: all have the keys, and share the list in
 * Redis of who logged out. GET /count, GET /whoami, POST /login?user=NAME, POST /logout.
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { redisRevocation, type Session, SessionError, sessions } from "bulla/session";
import { createClient } from "redis";

interface Visitor {
  user?: string;
  count?: number;
}

const { PORT = "3001", REDIS = "redis://127.0.0.1:6390" } = process.env;

// While Redis is away, commands fail at once and are not queued: requests are answered with 503.
const redis = createClient({ url: REDIS, disableOfflineQueue: true });
redis.on("error", ({ message }) => console.error(`${PORT}: ${message}`));

const visitors = sessions<Visitor>({
  secret: JSON.parse(readFileSync("keys.json", "utf8")), // newest first: the first seals, all open
  revocation: redisRevocation(redis),
});

async function act(session: Session<Visitor>, asked: string, query?: string): Promise<number> {
  if (asked === "POST /login") {
    await session.regenerate();
    session.user = new URLSearchParams(query).get("user") ?? "Tom";
  } else if (asked === "POST /logout") await session.destroy();
  else if (asked === "GET /count") session.count = (session.count ?? 0) + 1;
  else if (asked !== "GET /whoami") return 404;
  else if (session.user === undefined) return 401;
  return 200;
}

const server = createServer(async (req, res) => {
  const [path, query] = req.url?.split("?") ?? [];
  let body = "";
  try {
    const session = await visitors.load(req, res);
    // Awaited before anything is sent: if Redis cannot be told of a logout, the status is 503.
    res.statusCode = await act(session, `${req.method} ${path}`, query);
    body = JSON.stringify({ ...session, process: Number(PORT) });
  } catch (error) {
    res.statusCode = error instanceof SessionError ? error.status : 500;
  }
  if (!server.listening) res.setHeader("Connection", "close");
  res.setHeader("Content-Type", "application/json").end(body);
});

// nginx keeps connections for 60 s and must be the one that closes them, or a request on its way is lost.
server.keepAliveTimeout = 75_000;

// Stop without dropping a request: accept no more, finish the ones that have begun.
process.once("SIGTERM", () => {
  server.close(() => redis.destroy());
  setTimeout(() => server.closeAllConnections(), 5000).unref();
});

await redis.connect();
server.listen(Number(PORT), "127.0.0.1", () => process.send?.("ready"));
