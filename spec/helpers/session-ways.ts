/**
 * Every way in which an application writes a response. Each runs with a session and without: apart from the
 * session's own fields, both replies must be equal.
 */

import assert from "node:assert/strict";
import type http from "node:http";
import { Readable } from "node:stream";
import type { RawReply, Reply } from "./session-server.ts";

export interface Way {
  write(res: http.ServerResponse): unknown;
  /** Writes another correct reply: what later Nodes send where Node 20 loses repeated names. */
  orElse?(res: http.ServerResponse): unknown;
  method?: "HEAD";
  /** The protocol that supports it; both by default. */
  on?: "HTTP/1.1" | "HTTP/2";
}

// Frozen, since nobody may change what an application passes.
const FLAT = Object.freeze(["X-Way", "flat", "Set-Cookie", "a=1", "Set-Cookie", "b=2"]) as string[];
const REPEATED = Object.freeze(["X-Way", "1", "X-Way", "2", "x-way", "3"]) as string[];
const PAIRS = Object.freeze([
  Object.freeze(["X-Way", "flat"]),
  Object.freeze(["Set-Cookie", "a=1"]),
  Object.freeze(["Set-Cookie", "b=2"]),
]) as unknown as string[];
const OBJECT = Object.freeze({
  "X-Way": "object",
  "Set-Cookie": Object.freeze(["a=1", "b=2"]) as string[],
  "Content-Type": "text/plain",
});

function setBefore(res: http.ServerResponse): http.ServerResponse {
  res.setHeader("X-Before", "yes");
  res.setHeader("Set-Cookie", "before=1");
  return res;
}

/** Writes FLAT behind setBefore, as every Node but 20 does. */
function flatBehind(res: http.ServerResponse, reason?: string): void {
  res.setHeader("X-Before", "yes");
  res.setHeader("X-Way", "flat");
  res.setHeader("Set-Cookie", ["a=1", "b=2"]);
  if (reason !== undefined) res.statusMessage = reason;
  res.writeHead(200).end("text");
}

export const WAYS: Record<string, Way> = {
  "end with text": { write: (res) => res.end("text") },
  "end with bytes": { write: (res) => res.end(Buffer.from("bytes")) },
  "end with text and an encoding": { write: (res) => res.end("dGV4dA==", "base64") },
  "end with text, an encoding and a callback": {
    write: (res) => res.end("dGV4dA==", "base64", () => {}),
  },
  "end without a body": { write: (res) => res.end() },
  "end with a callback alone": { write: (res) => res.end(() => {}) },
  "write and end": {
    write(res) {
      res.write("one");
      res.end("two");
    },
  },
  "write with a callback that ends": { write: (res) => res.write("one", () => res.end("two")) },
  "write of bytes, and a length": {
    write(res) {
      res.setHeader("Content-Length", 5);
      res.write(Buffer.from("by"));
      res.end("tes");
    },
  },
  "writes behind a cork": {
    on: "HTTP/1.1",
    write(res) {
      res.cork();
      res.write("one");
      res.write("two");
      res.uncork();
      res.end();
    },
  },
  "statusCode, then end": {
    write(res) {
      res.statusCode = 201;
      res.end("created");
    },
  },
  "statusMessage, then end": {
    on: "HTTP/1.1",
    write(res) {
      res.statusMessage = "Fine";
      res.end("text");
    },
  },
  "writeHead with a status": { write: (res) => res.writeHead(404).end("nowhere") },
  "writeHead with a reason": {
    on: "HTTP/1.1",
    write: (res) => res.writeHead(404, "Nowhere").end("nowhere"),
  },
  "writeHead with an object": { write: (res) => res.writeHead(200, OBJECT).end("text") },
  "writeHead with an object of names in lower case": {
    write: (res) => res.writeHead(200, { "set-cookie": "a=1", "content-length": 4 }).end("text"),
  },
  "writeHead with one cookie as text": {
    write: (res) => res.writeHead(200, { "Set-Cookie": "a=1; Path=/" }).end("text"),
  },
  "writeHead with numbers and lists": {
    write: (res) => res.writeHead(200, { "Content-Length": 4, "X-List": ["1", "2"] }).end("text"),
  },
  "writeHead with an object without a prototype": {
    write: (res) =>
      res.writeHead(200, Object.assign(Object.create(null), { "X-Way": "bare" })).end("text"),
  },
  "writeHead with inherited fields": {
    write: (res) => res.writeHead(200, Object.create({ "X-Way": "inherited" })).end("text"),
  },
  "writeHead with a Map": {
    write: (res) => res.writeHead(200, new Map([["X-Way", "map"]]) as never).end("text"),
  },
  "writeHead with a status as text": {
    on: "HTTP/1.1",
    write: (res) => res.writeHead("201" as never, { "X-Way": "text" }).end("text"),
  },
  "writeHead with an empty object": { write: (res) => res.writeHead(200, {}).end("text") },
  "writeHead with undefined": { write: (res) => res.writeHead(200, undefined).end("text") },
  "writeHead with null": {
    on: "HTTP/1.1",
    write: (res) => res.writeHead(200, null as never).end("text"),
  },
  "writeHead with a reason and an object": {
    on: "HTTP/1.1",
    write: (res) => res.writeHead(200, "Fine", OBJECT).end("text"),
  },
  "writeHead with no reason and an object": {
    on: "HTTP/1.1",
    write: (res) => res.writeHead(200, undefined, OBJECT).end("text"),
  },
  "writeHead with a flat array": { write: (res) => res.writeHead(200, FLAT).end("text") },
  "writeHead with a reason and a flat array": {
    on: "HTTP/1.1",
    write: (res) => res.writeHead(200, "Fine", FLAT).end("text"),
  },
  "writeHead with an empty array": { write: (res) => res.writeHead(200, []).end("text") },
  "writeHead with a flat array of one name": {
    write: (res) => res.writeHead(200, REPEATED).end("text"),
  },
  "writeHead with an array of pairs": {
    write: (res) => res.writeHead(200, PAIRS).end("text"),
  },
  "writeHead with a reason and an array of pairs": {
    on: "HTTP/1.1",
    write: (res) => res.writeHead(200, "Fine", PAIRS).end("text"),
  },
  "setHeader, then end": { write: (res) => setBefore(res).end("text") },
  "setHeader of several cookies, then end": {
    write(res) {
      res.setHeader("Set-Cookie", ["a=1", "b=2; Path=/", "c=3"]);
      res.end("text");
    },
  },
  "appendHeader, then end": {
    write(res) {
      res.appendHeader("Set-Cookie", "a=1");
      res.appendHeader("Set-Cookie", ["b=2", "c=3"]);
      res.end("text");
    },
  },
  "setHeader and appendHeader, then writeHead": {
    write(res) {
      setBefore(res).appendHeader("Set-Cookie", "c=3");
      res.writeHead(200).end("text");
    },
  },
  "setHeader, then writeHead with other fields": {
    write: (res) => setBefore(res).writeHead(200, { "X-Way": "object" }).end("text"),
  },
  "setHeader, then writeHead with an object": {
    write: (res) => setBefore(res).writeHead(200, OBJECT).end("text"),
  },
  "setHeader, then writeHead with a flat array": {
    write: (res) => setBefore(res).writeHead(200, FLAT).end("text"),
    orElse: (res) => flatBehind(res),
  },
  "setHeader, then writeHead with a reason and a flat array": {
    on: "HTTP/1.1",
    write: (res) => setBefore(res).writeHead(200, "Fine", FLAT).end("text"),
    orElse: (res) => flatBehind(res, "Fine"),
  },
  "setHeader and removeHeader, then writeHead with a flat array": {
    write(res) {
      setBefore(res).removeHeader("Set-Cookie");
      res.removeHeader("X-Before");
      res.writeHead(200, ["X-Way", "flat", "Set-Cookie", "a=1"]).end("text");
    },
  },
  "setHeaders of a Map, then end": {
    on: "HTTP/1.1",
    write(res) {
      res.setHeaders(new Map([["X-Way", "map"]]));
      res.end("text");
    },
  },
  "early hints, then end": {
    write(res) {
      res.writeEarlyHints({ link: "</style.css>; rel=preload" });
      setBefore(res).end("text");
    },
  },
  "writeContinue, then writeHead": {
    write(res) {
      res.writeContinue();
      res.writeHead(200, OBJECT).end("text");
    },
  },
  "trailers behind the body": {
    write(res) {
      res.writeHead(200, { Trailer: "X-End" });
      res.write("text");
      res.addTrailers({ "X-End": "yes" });
      res.end();
    },
  },
  "no Date": {
    write(res) {
      res.sendDate = false;
      res.end("text");
    },
  },
  "Connection: close": {
    on: "HTTP/1.1",
    write: (res) => res.writeHead(200, { Connection: "close" }).end("text"),
  },
  "Transfer-Encoding: chunked": {
    on: "HTTP/1.1",
    write: (res) => res.writeHead(200, { "Transfer-Encoding": "chunked" }).end("text"),
  },
  "flushHeaders, then end": {
    write(res) {
      setBefore(res).flushHeaders();
      res.end("text");
    },
  },
  "flushHeaders, and the body later": {
    write(res) {
      res.flushHeaders();
      setTimeout(() => res.end("late"), 5);
    },
  },
  "a timer that ends it": { write: (res) => setTimeout(() => res.end("late"), 5) },
  "a timer that writes its head": {
    write: (res) => setTimeout(() => setBefore(res).writeHead(202, OBJECT).end("late"), 5),
  },
  "a stream in pieces": {
    write(res) {
      res.write("one");
      setTimeout(() => res.write("two"), 3);
      setTimeout(() => res.end("three"), 6);
    },
  },
  "a pipe": { write: (res) => Readable.from(["one", "two", "three"]).pipe(res) },
  "a pipe behind setHeader": {
    write: (res) => Readable.from(["one", "two"]).pipe(setBefore(res)),
  },
  "a pipe of nothing": { write: (res) => Readable.from([]).pipe(res) },
  "a redirect": { write: (res) => res.writeHead(303, { Location: "/elsewhere" }).end() },
  "a redirect by statusCode and setHeader": {
    write(res) {
      res.statusCode = 302;
      res.setHeader("Location", "/elsewhere");
      res.end();
    },
  },
  "no content": { write: (res) => res.writeHead(204).end() },
  "not modified": { write: (res) => res.writeHead(304, { ETag: '"1"' }).end() },
  "no content by statusCode": {
    write(res) {
      res.statusCode = 204;
      res.end();
    },
  },
  "not modified by statusCode": {
    write(res) {
      res.statusCode = 304;
      res.end();
    },
  },
  "an answer to HEAD": { method: "HEAD", write: (res) => res.end() },
  "an answer to HEAD with a length": {
    method: "HEAD",
    write: (res) => res.writeHead(200, { "Content-Length": 4 }).end(),
  },
};

/** The ways of a protocol. */
export function waysOf(protocol: string): [what: string, way: Way][] {
  return Object.entries(WAYS).filter(([, { on }]) => on === undefined || on === protocol);
}

const OWN = ["date", "set-cookie", "vary", "cache-control"];

export interface Besides {
  status: number;
  reason: string;
  text: string;
  /** True where the reply has a Date. */
  dated: boolean;
  /** Sorted by name; fields of one name stay in order. */
  fields: string[];
  setCookie: string[];
}

/** Returns a reply without the fields that sessions write; other cookies stay. */
export function besidesSession(reply: RawReply, own: string): Besides {
  const { status, reason, text, fields, setCookie } = reply;
  const kept = fields.filter(([name]) => !OWN.includes(name.toLowerCase()));
  const byName = kept.toSorted(([a], [b]) => order(a.toLowerCase(), b.toLowerCase()));
  return {
    status,
    reason,
    text,
    dated: reply.headers.date !== undefined,
    fields: byName.map(([name, value]) => `${name}: ${value}`),
    setCookie: setCookie.filter((cookie) => !cookie.startsWith(`${own}=`)),
  };
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Returns the one Set-Cookie of the session in a reply. */
export function ownCookie({ setCookie }: Reply, own: string): string {
  const mine = setCookie.filter((cookie) => cookie.startsWith(`${own}=`));
  assert.equal(mine.length, 1, `one Set-Cookie of the session: ${setCookie}`);
  return mine[0] ?? "";
}

/** Splits a list field into its parts: "Accept, Cookie" has two. */
export function partsOf(field: string | string[] | undefined): string[] {
  return String(field ?? "")
    .split(",")
    .map((part) => part.trim());
}
