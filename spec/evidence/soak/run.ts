/**
 * npm run soak: runs ten million sessions in a row, which must leave memory flat. Each consists of requests with
 * responses of node:http: a login, a change, an untouched visit, a bad cookie, and a logout, which an
 * in-process list remembers until the session would have expired.
 *
 *     --sessions N  10,000,000 by default
 *     --record      writes the results to figures.json
 *
 * Exits with 1 if the heap or the resident size grows after the first tenth.
 */

import assert from "node:assert/strict";
import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { memoryRevocation, sessions } from "../../../src/session.ts";
import { misuse, optionsOf, progress } from "../../helpers/command.ts";
import { recordFigures } from "../../helpers/figures.ts";

const TENTHS = 10;
/** Collections differ by this much. One object lost in each session would be hundreds of times more. */
const HEAP_SLACK = 2 ** 20;
/** The allocator keeps its memory, and takes more now and then. */
const RSS_SLACK = 48 * 2 ** 20;
/** Requests in a second of the given clock: sessions expire and leave the list. */
const A_SECOND = 1000;

const flags = optionsOf("soak", {
  sessions: { type: "string", default: "10000000" },
  record: { type: "boolean", default: false },
});
const total = Number(flags.sessions);
if (!Number.isSafeInteger(total) || total < 10_000) misuse("soak", "--sessions: 10000 or more");
const { gc } = globalThis;
if (gc === undefined) throw new Error("run with --expose-gc: npm run soak");

let requests = 0;
const clock = () => 1_700_000_000 + requests / A_SECOND;
const { attach } = sessions<{ user?: string; visits?: number; cart?: number[] }>({
  secret: "a secret of some more than 32 bytes",
  maxAge: 60,
  revocation: memoryRevocation({ clock, only: ({ data }) => data.user !== undefined }),
  clock,
});
const socket = new Socket();
const counts = { logins: 0, changes: 0, untouched: 0, refused: 0, logouts: 0 };

/** A response that shows the fields of its headers. */
class Response extends ServerResponse {
  fields: OutgoingHttpHeaders = {};

  override writeHead(status: number, fields?: never): this {
    this.fields = fields ?? {};
    return super.writeHead(status, fields);
  }
}

/** Makes one request; returns the name and value of its Set-Cookie. */
function request(
  cookie: string | undefined,
  handler: (session: ReturnType<typeof attach>) => void,
) {
  requests++;
  const req = new IncomingMessage(socket);
  if (cookie !== undefined) req.headers.cookie = cookie;
  const res = new Response(req);
  handler(attach(req, res));
  res.end("done");
  return /^[^;]*/.exec(String(res.fields["Set-Cookie"] ?? ""))?.[0];
}

/** One session from its login to its end, in up to five requests. */
async function live(number: number): Promise<void> {
  const user = `user ${number}`;
  const cookie = request(undefined, (session) => Object.assign(session, { user, visits: 0 }));
  counts.logins++;
  if (number % 2 === 0) {
    request(cookie, (session) => {
      assert.equal(session.user, user);
      session.visits = 1;
      session.cart = [number];
    });
    counts.changes++;
  }
  if (number % 5 === 0) {
    assert.equal(
      request(cookie, ({ user: seen }) => assert.equal(seen, user)),
      "",
    );
    counts.untouched++;
  }
  if (number % 7 === 0) {
    request(spoilt(cookie), (session) => assert.equal(session.user, undefined));
    counts.refused++;
  }
  if (number % 10 === 0) {
    let told: Promise<void> | undefined;
    request(cookie, (session) => {
      told = session.destroy();
    });
    await told;
    request(cookie, (session) => assert.equal(session.user, undefined));
    counts.logouts++;
  }
}

/** The cookie with one character of its MAC changed. */
function spoilt(cookie = ""): string {
  const at = cookie.length - 20;
  return cookie.slice(0, at) + (cookie[at] === "A" ? "B" : "A") + cookie.slice(at + 1);
}

function settled(): { heap: number; rss: number } {
  for (let round = 0; round < 4; round++) gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss };
}

console.log(`Node ${process.versions.node}, ${total} sessions`);
console.log("  sessions   requests   heap MiB   resident MiB");
const marks: { heap: number; rss: number }[] = [];
for (let number = 1; number <= total; number++) {
  await live(number);
  progress(() => `${number} of ${total} sessions`);
  if (number % (total / TENTHS) !== 0) continue;
  const mark = settled();
  marks.push(mark);
  const [heap, rss] = [mark.heap, mark.rss].map((bytes) => (bytes / 2 ** 20).toFixed(2));
  const columns = [String(number).padStart(10), String(requests).padStart(10), heap, rss];
  console.log(columns.map((column) => column?.padStart(9)).join("  "));
}

const [first, last] = [marks[0], marks.at(-1)] as [(typeof marks)[0], (typeof marks)[0]];
const growth = { heap: last.heap - first.heap, rss: last.rss - first.rss };
const kib = (bytes: number) => `${Math.round(bytes / 1024)} KiB`;
console.log(`${JSON.stringify(counts)}`);
console.log(`after the first tenth: heap ${kib(growth.heap)}, resident ${kib(growth.rss)}`);
if (flags.record) recordFigures("soak", "sessions", { sessions: total, requests, ...growth });
if (growth.heap > HEAP_SLACK || growth.rss > RSS_SLACK) process.exitCode = 1;
