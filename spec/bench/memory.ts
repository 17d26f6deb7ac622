/** `memory.ts TASK`: scaling.ts runs it in a process of its own, and it prints the memory of a task as JSON. */

import { randomBytes } from "node:crypto";
import { decode, encode } from "bulla/base64url";
import { Fernet } from "bulla/fernet";
import { Jwt } from "bulla/jwt";
import { sessions } from "bulla/session";
import { claimsOf, cookieHeader, userOf, withWrongMac, words } from "./fixtures.ts";

const KEYS = 10_000;
const OPERATIONS = 2_000_000;
const WARM_UP = 200_000;
const LARGE = 100_000_000;

const collect = globalThis.gc as () => void;
const [task, kind] = process.argv.slice(2);

switch (task) {
  case "kinds":
    print([...operations().keys()]);
    break;
  case "keys":
    print({ fernet: keyBytes(fernetInUse), jwt: keyBytes(jwtInUse) });
    break;
  case "peak":
    print(peak());
    break;
  case "endurance":
    print(endure(operations().get(kind as string) as () => unknown));
    break;
}

/** Resident bytes for each of ten thousand keys that are all used, in turns. */
function keyBytes(make: () => () => void): number {
  make()();
  settle();
  const before = process.memoryUsage.rss();
  const keys = Array.from({ length: KEYS }, make);
  for (let round = 0; round < 2; round++) for (const use of keys) use();
  settle();
  const bytes = (process.memoryUsage.rss() - before) / KEYS;
  for (const use of keys) use();
  return bytes;
}

function fernetInUse(): () => void {
  const fernet = new Fernet(Fernet.generateKey());
  return () => {
    if (fernet.decryptText(fernet.encrypt("a message")) !== "a message") throw new Error("differs");
  };
}

function jwtInUse(): () => void {
  const jwt = new Jwt(Jwt.generateKey());
  return () => {
    if (jwt.verify(jwt.sign({ sub: "a subject" })).sub !== "a subject") throw new Error("differs");
  };
}

/** The peak memory of an encryption as a multiple of the message, with the message and the token. */
function peak(): number {
  const fernet = new Fernet(Fernet.generateKey());
  fernet.encrypt(randomBytes(100_000));
  settle();
  const before = process.resourceUsage().maxRSS;
  const token = fernet.encrypt(randomBytes(LARGE));
  if (token.charCodeAt(LARGE) === 0) throw new Error("no token");
  return ((process.resourceUsage().maxRSS - before) * 1024) / LARGE;
}

function operations(): Map<string, () => unknown> {
  const jwt = new Jwt(Jwt.generateKey());
  const fernet = new Fernet(Fernet.generateKey());
  const secret = Fernet.generateKey();
  const cookie = { name: "session", secure: false };
  const source = sessions<{ user?: object; visits?: number }>({ secret, cookie });
  const claims = claimsOf(0, 120);
  const token = jwt.sign(claims);
  const message = words(120);
  const sealed = fernet.encrypt(message);
  const bytes = randomBytes(120);
  const text = encode(bytes);
  const header = sessionHeader();
  return new Map<string, () => unknown>([
    ["JWT sign", () => jwt.sign(claims)],
    ["JWT verify", () => jwt.verify(token)],
    ["JWT refuse", () => refused(() => jwt.verify(withWrongMac(token)))],
    ["Fernet encrypt", () => fernet.encrypt(message)],
    ["Fernet decrypt", () => fernet.decrypt(sealed)],
    ["Fernet refuse", () => refused(() => fernet.decrypt(withWrongMac(sealed)))],
    ["Fernet rotate", () => fernet.rotate(sealed)],
    ["base64url encode", () => encode(bytes)],
    ["base64url decode", () => decode(text)],
    ["session read", () => source.read(header)],
    ["session read and write", () => written(header)],
    ["session refuse", () => source.read(header.replace("session=gA", "session=gB"))],
  ]);

  function sessionHeader(): string {
    const fields = response();
    Object.assign(source.attach({ headers: {} }, fields), { user: userOf(0) });
    fields.writeHead(200);
    return cookieHeader((fields.cookies[0] as string).split(";", 1)[0] as string);
  }

  function written(cookie: string): string[] {
    const fields = response();
    source.attach({ headers: { cookie } }, fields).visits = 1;
    fields.writeHead(200);
    return fields.cookies;
  }
}

function refused(attempt: () => unknown): unknown {
  try {
    return attempt();
  } catch (error) {
    return error;
  }
}

/** The part of a ServerResponse that a session uses. */
function response() {
  return {
    statusCode: 200,
    statusMessage: "",
    headersSent: false,
    cookies: [] as string[],
    getHeader: (): undefined => undefined,
    setHeader(name: string, value: string | readonly string[]): void {
      if (name === "Set-Cookie") this.cookies = [value].flat() as string[];
    },
    appendHeader(): void {},
    removeHeader(): void {},
    writeHead(_status: number): void {},
    end(): void {},
    once(): void {},
  };
}

/** By how much heap and resident memory grow over two million operations. */
function endure(operation: () => unknown): { heap: number; rss: number } {
  const repeat = (times: number): void => {
    for (let time = 0; time < times; time++) operation();
  };
  repeat(WARM_UP);
  settle();
  const before = process.memoryUsage();
  repeat(OPERATIONS);
  settle();
  const after = process.memoryUsage();
  return { heap: after.heapUsed - before.heapUsed, rss: after.rss - before.rss };
}

/** Collects until nothing is left to collect: finalisers of one round free what the next finds. */
function settle(): void {
  for (let round = 0; round < 4; round++) collect();
}

function print(value: unknown): void {
  console.log(JSON.stringify(value));
}
