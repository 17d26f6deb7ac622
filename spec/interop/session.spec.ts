/**
 * Session cookies, opened and made by others: HKDF-SHA256 of the secret with the info
 * `bulla/session/TYPE/COOKIE-NAME` gives the key; the claims are in a Fernet token or a JWT.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { hkdfSync, randomUUID } from "node:crypto";
import { test } from "node:test";
import { readCookies } from "bulla/cookie";
import { type SessionOptions, sessions } from "bulla/session";
import { jwtVerify, SignJWT } from "jose";
import { Generator } from "./generate.ts";
import { python } from "./python.ts";

const NOW = 1_700_000_000;
const NAME = "__Host-session";
const DATA = { user: "Zoë", roles: ["admin"], nested: { clay: "𒀸" } };

interface Envelope {
  jti: string;
  iat: number;
  exp: number;
  data: object;
}

/** The value of the cookie that a new session with `DATA` writes. */
async function cookieOf(options: SessionOptions): Promise<string> {
  const handler = sessions(options).wrap((_request, session) => {
    Object.assign(session, DATA);
    return new Response();
  });
  const response = await handler(new Request("https://example.org/"));
  const [cookie = ""] = response.headers.getSetCookie();
  const [value] = readCookies(cookie.slice(0, cookie.indexOf(";")), NAME);
  ok(value !== undefined);
  return value;
}

/** What a session read from a cookie of that value holds. */
function read(options: SessionOptions, value: string): object {
  return { ...sessions(options).read(`${NAME}=${value}`) };
}

function envelope(): Envelope {
  return { jti: randomUUID(), iat: NOW - 10, exp: NOW + 10, data: DATA };
}

function checkEnvelope({ jti, ...claims }: Envelope): void {
  equal(typeof jti, "string");
  deepEqual(claims, { iat: NOW, exp: NOW + 60, data: DATA });
}

test("Python reads and writes a fernet session", async () => {
  const generator = new Generator("fernet session");
  const secret = generator.bytes(32 + generator.integer(32));
  const options = { secret, maxAge: 60, clock: () => NOW };
  const token = await cookieOf(options);

  const base64 = Buffer.from(secret).toString("base64");
  const info = `bulla/session/fernet/${NAME}`;
  const [{ key = "" } = {}] = python([{ op: "derive", secret: base64, info }]);
  const claims = Buffer.from(JSON.stringify(envelope())).toString("base64");
  const [opened, made] = python([
    { op: "decrypt", key, token, now: NOW },
    { op: "encrypt", key, message: claims, now: NOW },
  ]);
  checkEnvelope(JSON.parse(Buffer.from(opened?.message ?? "", "base64").toString()) as Envelope);
  deepEqual(read(options, made?.token ?? ""), DATA);
});

test("jose reads and writes a jwt session", async () => {
  const generator = new Generator("jwt session");
  const secret = generator.text(32 + generator.integer(32));
  const options = { type: "jwt", secret, maxAge: 60, clock: () => NOW } as const;
  const token = await cookieOf(options);

  const key = new Uint8Array(hkdfSync("sha256", secret, "", `bulla/session/jwt/${NAME}`, 32));
  const verify = { currentDate: new Date(NOW * 1000), typ: "session+jwt" };
  const { payload } = await jwtVerify<Envelope>(token, key, verify);
  checkEnvelope(payload);
  const made = new SignJWT({ ...envelope() });
  made.setProtectedHeader({ alg: "HS256", typ: "session+jwt" });
  deepEqual(read(options, await made.sign(key)), DATA);
});
