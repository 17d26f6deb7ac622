/**
 * Session cookies that other programs open and make. HKDF-SHA256 of the secret with the info
 * `bulla/session/TYPE/COOKIE-NAME` gives the key; the claims are in a JWT, or in a Fernet token without its padding.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { hkdfSync, randomBytes } from "node:crypto";
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
  /** 16 bytes as base64url. */
  jti: string;
  iat: number;
  exp: number;
  begun?: number;
  age?: number;
  keep?: boolean;
  data: object;
}

/** The cookie value of a session with `DATA`; `cookie` is the session's cookie from before, if it has one. */
async function cookieOf(options: SessionOptions, cookie = ""): Promise<string> {
  const handler = sessions(options).wrap((_request, session) => {
    Object.assign(session, DATA);
    if (cookie !== "") session.touch({ maxAge: 90, persistent: false });
    return new Response();
  });
  const response = await handler(new Request("https://example.org/", { headers: { cookie } }));
  const [written = ""] = response.headers.getSetCookie();
  const [value] = readCookies(written.slice(0, written.indexOf(";")), NAME);
  ok(value !== undefined);
  return value;
}

/** The data and the beginning of a session, read from that cookie value. */
function read(options: SessionOptions, value: string): object {
  const session = sessions(options).read(`${NAME}=${value}`);
  return { ...session, id: session.id, createdAt: session.createdAt };
}

/** The claims of a session that was written twice. */
const ENVELOPE: Envelope = {
  jti: randomBytes(16).toString("base64url"),
  iat: NOW - 10,
  exp: NOW + 10,
  begun: NOW - 100,
  data: DATA,
};
const READ = { ...DATA, id: ENVELOPE.jti, createdAt: NOW - 100 };

function checkNew({ jti, ...claims }: Envelope): void {
  equal(Buffer.from(jti, "base64url").toString("base64url"), jti);
  equal(Buffer.from(jti, "base64url").length, 16);
  deepEqual(claims, { iat: NOW, exp: NOW + 60, data: DATA });
}

function checkTouched(envelope: Envelope): void {
  const { jti, begun } = ENVELOPE;
  const members = { jti, iat: NOW, exp: NOW + 90, begun, age: 90, keep: false, data: DATA };
  equal(JSON.stringify(envelope), JSON.stringify(members));
}

test("Python reads and writes a fernet session", async () => {
  const generator = new Generator("fernet session");
  const secret = generator.bytes(32 + generator.integer(32));
  const options = { secret, maxAge: 60, longestAge: 90, clock: () => NOW };
  const token = pad(await cookieOf(options));

  const base64 = Buffer.from(secret).toString("base64");
  const info = `bulla/session/fernet/${NAME}`;
  const [{ key = "" } = {}] = python([{ op: "derive", secret: base64, info }]);
  const message = Buffer.from(JSON.stringify(ENVELOPE)).toString("base64");
  const [opened, made] = python([
    { op: "decrypt", key, token, now: NOW },
    { op: "encrypt", key, message, now: NOW },
  ]);
  checkNew(envelopeIn(opened));
  const value = made?.token?.replace(/=+$/, "") ?? "";
  deepEqual(read(options, value), READ);
  const touched = pad(await cookieOf(options, `${NAME}=${value}`));
  const [again] = python([{ op: "decrypt", key, token: touched, now: NOW }]);
  checkTouched(envelopeIn(again));
});

function pad(value: string): string {
  return value + "=".repeat(-value.length & 3);
}

function envelopeIn(answer: { message?: string } | undefined): Envelope {
  return JSON.parse(Buffer.from(answer?.message ?? "", "base64").toString()) as Envelope;
}

test("jose reads and writes a jwt session", async () => {
  const generator = new Generator("jwt session");
  const secret = generator.text(32 + generator.integer(32));
  const options = { type: "jwt", secret, maxAge: 60, longestAge: 90, clock: () => NOW } as const;

  const key = new Uint8Array(hkdfSync("sha256", secret, "", `bulla/session/jwt/${NAME}`, 32));
  const verify = { currentDate: new Date(NOW * 1000), typ: "session+jwt" };
  checkNew((await jwtVerify<Envelope>(await cookieOf(options), key, verify)).payload);
  const made = new SignJWT({ ...ENVELOPE });
  const value = await made.setProtectedHeader({ alg: "HS256", typ: "session+jwt" }).sign(key);
  deepEqual(read(options, value), READ);
  const touched = await cookieOf(options, `${NAME}=${value}`);
  checkTouched((await jwtVerify<Envelope>(touched, key, verify)).payload);
});
