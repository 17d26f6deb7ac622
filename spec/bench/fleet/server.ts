/**
 * One process of the fleet; REDIS or SENTINEL say where its list is, if it has one. GET / reads the session. GET /login
 * logs in, and GET /count, GET /whoami, POST /login and POST /logout do what they do in examples/fleet/server.ts.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  type RedisClient,
  redisRevocation,
  type Session,
  SessionError,
  sessions,
} from "bulla/session";
import { act, answer, type Data, load } from "../http/app.ts";

type Visitor = Omit<Data, "user"> & { user?: Data["user"] | string; count?: number };

interface Redis {
  connect(): Promise<void>;
  duplicate(): Redis;
  on(event: "error", listener: (error: Error) => void): void;
  exists(key: string): Promise<number>;
  setex(...command: Command): Promise<unknown>;
  pipeline(): Pipeline;
}
type Command = [key: string, seconds: number, value: string];
interface Pipeline {
  setex(...command: Command): unknown;
  wait(replicas: number, milliseconds: number): unknown;
  exec(): Promise<[error: Error | null, reply: unknown][]>;
}
type Create = new (
  ...address: readonly [url: string, options: object] | [options: object]
) => Redis;

const { PORT = "", SECRET = "", REDIS, SENTINEL } = process.env;
/** While Redis is away, commands fail at once: requests are answered with 503. */
const OPTIONS = { enableOfflineQueue: false, maxRetriesPerRequest: 0, lazyConnect: true };
/** How long a replica may take to confirm a logout, in milliseconds. */
const REPLICATED = 2000;
/** Longer than the default: on a busy machine an answer may take a second. */
const PATIENCE = { timeout: 10 };

const revocation = await listOf();
const visitors = sessions<Visitor>({ secret: SECRET, ...(revocation && { revocation }) });

async function listOf(): Promise<ReturnType<typeof redisRevocation> | undefined> {
  if (REDIS === undefined && SENTINEL === undefined) return undefined;
  const create = await load<Create>("ioredis");
  if (REDIS !== undefined)
    return redisRevocation(await connected(new create(REDIS, OPTIONS)), PATIENCE);
  const sentinels = [{ host: "127.0.0.1", port: Number(SENTINEL) }];
  const redis = await connected(new create({ ...OPTIONS, sentinels, name: "fleet" }));
  // A connection of its own, since WAIT would delay the questions too.
  const writes = await connected(redis.duplicate());
  const write = inBatches((commands: Command[]) => replicated(writes, commands));
  const client: RedisClient = {
    exists: (key) => redis.exists(key),
    setex: (...command: Command) => write(command),
  };
  return redisRevocation(client, PATIENCE);
}

/**
 * A logout is answered with 200 only once a replica has it, since that replica may become the primary. WAIT is about
 * the writes of its own connection. Both are sent in one piece, or WAIT could reach a primary that never saw them.
 */
async function replicated(redis: Redis, commands: readonly Command[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const command of commands) pipeline.setex(...command);
  pipeline.wait(1, REPLICATED);
  const replies = await pipeline.exec();
  for (const [error] of replies) if (error !== null) throw error;
  if (Number(replies.at(-1)?.[1]) < 1) throw new Error("no replica has it");
}

/** Sends in batches: calls that come during one batch form the next, since WAIT takes one at a time. */
function inBatches<T>(send: (batch: T[]) => Promise<void>): (one: T) => Promise<void> {
  let running = Promise.resolve();
  let next: { batch: T[]; sent: Promise<void> } | undefined;
  return (one) => {
    if (next === undefined) {
      const batch: T[] = [];
      const begin = (): Promise<void> => {
        next = undefined;
        const sent = send(batch);
        running = sent.catch(() => undefined);
        return sent;
      };
      next = { batch, sent: running.then(begin) };
    }
    next.batch.push(one);
    return next.sent;
  };
}

async function connected(redis: Redis): Promise<Redis> {
  redis.on("error", () => undefined); // a failed command is answered with 503
  await redis.connect();
  return redis;
}

async function visit(session: Session<Visitor>, asked: string, query?: string): Promise<number> {
  if (asked === "POST /login") {
    await session.regenerate();
    session.user = new URLSearchParams(query).get("user") ?? "Tom";
  } else if (asked === "POST /logout") await session.destroy();
  else if (asked === "GET /count") session.count = (session.count ?? 0) + 1;
  else if (asked !== "GET /whoami") return 404;
  else if (session.user === undefined) return 401;
  return 200;
}

async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
  let body = "";
  try {
    const session = await visitors.load(req, res);
    const { method, url = "" } = req;
    if (method === "GET" && (url === "/" || url === "/login")) {
      answer(
        res,
        act(() => session as Data, url, "read"),
      );
      return;
    }
    const [path, query] = url.split("?");
    // Awaited before anything is sent: if Redis cannot be told of a logout, the status is 503.
    res.statusCode = await visit(session, `${method} ${path}`, query);
    body = JSON.stringify({ ...session, process: Number(PORT) });
  } catch (error) {
    res.statusCode = error instanceof SessionError ? error.status : 500;
  }
  res.setHeader("Content-Type", "application/json").end(body);
}

const server = createServer(serve);
// nginx keeps connections for 60 s: it must be the one that closes them.
server.keepAliveTimeout = 3_600_000;
process.once("disconnect", () => process.exit());
server.listen(Number(PORT), "127.0.0.1");
