/**
 * Every way in which an application writes a response. Each is tried with a session and without: what
 * node:http makes of it alone is what has to be there with a session too, but for the session's own.
 */

import assert from "node:assert/strict";
import type http from "node:http";
import { Readable } from "node:stream";
import type { Reply } from "./session-server.ts";

export interface Way {
  write(res: http.ServerResponse): unknown;
  /** The same in words that node:http understands by itself. */
  plainly?(res: http.ServerResponse): unknown;
  method?: "HEAD";
  /** Where it can be written at all; everywhere by default. */
  on?: "HTTP/1.1" | "HTTP/2";
}

const FLAT = ["X-Way", "flat", "Set-Cookie", "a=1", "Set-Cookie", "b=2"];
const PAIRS = [
  ["X-Way", "flat"],
  ["Set-Cookie", "a=1"],
  ["Set-Cookie", "b=2"],
] as unknown as string[];
const OBJECT = { "X-Way": "object", "Set-Cookie": ["a=1", "b=2"], "Content-Type": "text/plain" };

function setBefore(res: http.ServerResponse): http.ServerResponse {
  res.setHeader("X-Before", "yes");
  res.setHeader("Set-Cookie", "before=1");
  return res;
}

/** FLAT behind setBefore: Node 20 keeps only the last of a repeated name there, later ones keep all. */
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
  "end without a body": { write: (res) => res.end() },
  "end with a callback alone": { write: (res) => res.end(() => {}) },
  "write and end": {
    write(res) {
      res.write("one");
      res.end("two");
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
  "writeHead with an array of pairs": {
    write: (res) => res.writeHead(200, PAIRS).end("text"),
    plainly: (res) => res.writeHead(200, FLAT).end("text"),
  },
  "writeHead with a reason and an array of pairs": {
    on: "HTTP/1.1",
    write: (res) => res.writeHead(200, "Fine", PAIRS).end("text"),
    plainly: (res) => res.writeHead(200, "Fine", FLAT).end("text"),
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
    plainly: (res) => flatBehind(res),
  },
  "setHeader, then writeHead with an array of pairs": {
    write: (res) => setBefore(res).writeHead(200, PAIRS).end("text"),
    plainly: (res) => flatBehind(res),
  },
  "setHeader, then writeHead with a reason and a flat array": {
    on: "HTTP/1.1",
    write: (res) => setBefore(res).writeHead(200, "Fine", FLAT).end("text"),
    plainly: (res) => flatBehind(res, "Fine"),
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

/** All of a reply that the session has no part in. */
export function besidesSession({ headers, setCookie, ...reply }: Reply, own: string): object {
  const rest = Object.entries(headers).filter(([name]) => !OWN.includes(name));
  const others = setCookie.filter((cookie) => !cookie.startsWith(`${own}=`));
  return { ...reply, setCookie: others, headers: Object.fromEntries(rest) };
}

/** The session's cookie in a reply, if there is just one. */
export function ownCookie({ setCookie }: Reply, own: string): string {
  const mine = setCookie.filter((cookie) => cookie.startsWith(`${own}=`));
  assert.equal(mine.length, 1, `one Set-Cookie of the session: ${setCookie}`);
  return mine[0] ?? "";
}
