/**
 * One process of the fleet. Whichever is asked knows every visitor: by the keys, which all of them have,
 * and by the list in Redis of who logged out. GET /count, GET /whoami, POST /login?user=NAME, POST /logout.
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

// While Redis is away, commands fail at once instead of queueing, and requests are answered by 503.
const redis = createClient({ url: REDIS, disableOfflineQueue: true });
redis.on("error", ({ message }) => console.error(`${PORT}: ${message}`));

const visitors = sessions<Visitor>({
  secret: JSON.parse(readFileSync("keys.json", "utf8")), // newest first: the first seals, all open
  revocation: redisRevocation(redis),
});

function act(session: Session<Visitor>, asked: string, query: string | undefined): number {
  if (asked === "POST /login") {
    session.regenerate();
    session.user = new URLSearchParams(query).get("user") ?? "Tom";
  } else if (asked === "POST /logout") session.destroy();
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
    // No writeHead here: the status can still become 503, if Redis cannot be told of a logout.
    res.statusCode = act(session, `${req.method} ${path}`, query);
    body = JSON.stringify({ ...session, process: Number(PORT) });
  } catch (error) {
    res.statusCode = error instanceof SessionError ? error.status : 500;
  }
  if (!server.listening) res.setHeader("Connection", "close");
  res.setHeader("Content-Type", "application/json").end(body);
});

// nginx keeps connections for 60 s: were we the first to close one, a request could be on its way in it.
server.keepAliveTimeout = 75_000;

// Leave without dropping a request: accept nothing more, finish what has begun.
process.once("SIGTERM", () => {
  server.close(() => redis.destroy());
  setTimeout(() => server.closeAllConnections(), 5000).unref();
});

await redis.connect();
server.listen(Number(PORT), "127.0.0.1", () => process.send?.("ready"));
