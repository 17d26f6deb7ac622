/**
 * The tokens of vectors/ in the form that `bulla` takes: on stdin, with keys in files. Cases that arguments
 * or files cannot express are left out, and the specs count the rest.
 */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { Fernet } from "../../src/fernet.ts";
import { Jwt, type JwtKey, type JwtPolicy } from "../../src/jwt.ts";
import { bulla, ended, failed, file, json } from "./cli-process.ts";
import { type Case, type Data, octets } from "./vectors.ts";

const FOLDER = new URL("../../vectors/", import.meta.url);
const ALL: Case[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .flatMap((name) => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")));

export interface Token {
  name: string;
  kind: "jwt" | "fernet";
  bytes: Buffer;
  /** Each as text or octets; a JWK as its octets. */
  keys: (string | Buffer)[];
  now: number | undefined;
  policy: JwtPolicy;
  ttl: number | undefined;
  vector: Case;
}

/** Every token that a case verifies, decrypts or opens. */
export const TOKENS: readonly Token[] = ALL.flatMap((vector): Token[] => {
  const { test, in: given, source, name } = vector;
  const { now, ttl, policy = {} } = given;
  const rest = { name: `${source}: ${name}`, now, ttl, policy, vector };
  if (/^(?:jwt\.verify|fernet\.decrypt|fernet\.timestamp)$/.test(test)) {
    const kind = test === "jwt.verify" ? "jwt" : "fernet";
    return [{ ...rest, kind, bytes: octets(given.token), keys: [given.key].flat().map(keyBytes) }];
  }
  if (test !== "asgi.open" || given.type === "base64") return [];
  const { secret = "", type } = given;
  // Python makes its key this way.
  const key = type === "jwt" ? secret : Buffer.from(secret.padEnd(32, "="));
  return [{ ...rest, kind: type, bytes: Buffer.from(given.cookie), keys: [key] }];
});

function keyBytes(key: unknown): string | Buffer {
  if (typeof key === "string") return key;
  const { kty, k = "" } = key as { kty?: string; k?: string };
  return kty === undefined ? octets(key as Data) : Buffer.from(k, "base64url");
}

/** Tells whether arguments can express it: whole seconds, a key, and no JWK that is refused for its form. */
export function isSayable({ keys, now = 0, vector }: Token): boolean {
  const { key } = vector.in;
  const jwk = typeof key === "object" && "kty" in key;
  return keys.length > 0 && Number.isInteger(now) && !(jwk && vector.error === "ERR_KEY");
}

/** Drops tokens with the same key and time, for which `inspect` does the same. */
export function unique(tokens: readonly Token[]): Token[] {
  const known = new Map<string, Token>();
  for (const token of tokens) {
    const { kind, bytes, keys, now } = token;
    const same = JSON.stringify([kind, bytes, keys, now]);
    if (!known.has(same)) known.set(same, token);
  }
  return [...known.values()];
}

/** Returns the library's error code without a policy and a ttl, or undefined. */
export function verdict({ kind, bytes, keys, now }: Token): string | undefined {
  const time = now === undefined ? {} : { now };
  try {
    if (kind === "jwt") new Jwt(keys as JwtKey[]).verify(bytes.toString(), time);
    else new Fernet(keys).decrypt(bytes.toString(), time);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return undefined;
}

/** Adds a newline, which the command drops. */
const given = ({ bytes }: Token) => Buffer.concat([bytes, Buffer.from("\n")]);
const nowOf = ({ now }: Token) => (now === undefined ? [] : ["--now", `${now}`]);
const keysOf = ({ keys }: Token, option: string) =>
  keys.flatMap((key) => [
    option,
    typeof key === "string" ? `file:${file(`${key}\n`)}` : `raw:${file(key)}`,
  ]);

/** Tells whether `inspect` recognises it: three parts of base64url, or Fernet's version and a recent time. */
function isRecognisable({ kind, bytes }: Token): boolean {
  const shape = kind === "jwt" ? /^e[\w-]+\.[\w-]+\.[\w-]+$/ : /^gAAAA[\w-]{93,}={0,2}$/;
  return shape.test(bytes.toString());
}

/** Checks `inspect` with the key: it proves the token and names its kind, or reports the library's code. */
export async function inspect(token: Token): Promise<void> {
  const code = verdict(token);
  const args = ["inspect", "--json", ...keysOf(token, "--secret"), ...nowOf(token)];
  const run = await bulla(args, { in: given(token) });
  if (code === undefined) {
    const said = json(ended(run, 0));
    assert.equal(said.proven, true);
    assert.match(JSON.stringify(said), new RegExp(token.kind, "i"), "its kind is named");
    return;
  }
  assert.doesNotMatch(`${run.stdout}${run.stderr}`, /"proven":true/);
  // A bad key is misuse, unless it fits another kind of token.
  if (code === "ERR_KEY") assert.notEqual(run.status, 0);
  else ended(run, 1);
  if (code !== "ERR_KEY" && isRecognisable(token)) assert.equal(json(run).code, code);
}

const FLAGS: Record<string, string> = {
  issuer: "--issuer",
  audience: "--audience",
  subject: "--subject",
  typ: "--typ",
  expiresIn: "--expires-in",
  maxTokenAge: "--max-age",
  clockTolerance: "--tolerance",
};

/** Returns the arguments for its policy and ttl, or undefined where arguments cannot express them. */
export function flagsOf({ policy, ttl }: Token): string[] | undefined {
  const flags = ttl === undefined ? [] : [`--ttl=${ttl}`];
  for (const [name, value] of Object.entries(policy)) {
    const flag = FLAGS[name];
    if (flag === undefined || typeof value === "object") return undefined;
    flags.push(`${flag}=${value}`);
  }
  return flags;
}

/** Checks that `verify` or `decrypt`, with its policy or ttl, gives the vector's result. */
export async function open(token: Token): Promise<void> {
  const { kind, vector } = token;
  const args = [...keysOf(token, "--key"), ...(flagsOf(token) ?? []), ...nowOf(token)];
  const command = kind === "jwt" ? "verify" : "decrypt";
  const run = await bulla([command, ...args], { in: given(token), raw: true });
  if (vector.error === "ERR_KEY") {
    failed(run, 2);
    return;
  }
  if (vector.error !== undefined) {
    failed(run, 1, new RegExp(`^bulla: ${vector.error}\\b`), vector.claim ?? "");
    return;
  }
  ended(run, 0);
  if (vector.test === "fernet.decrypt") assert.deepEqual(run.bytes, octets(vector.out as Data));
}
