/**
 * Every token of vectors/ through `bulla inspect` with its key: proven, or the code with which the library refuses it;
 * and through `verify` and `decrypt` where a policy or a ttl decides. spec/vectors.spec.ts holds the library itself to
 * the same cases. What an argument or a key file cannot say is counted, so that no case is lost in silence.
 */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Fernet } from "../../src/fernet.ts";
import { Jwt, type JwtKey, type JwtPolicy } from "../../src/jwt.ts";
import { AT_ONCE, bulla, ended, failed, file, json, type Run } from "../helpers/cli-process.ts";
import { type Case, type Data, octets } from "../helpers/vectors.ts";

const FOLDER = new URL("../../vectors/", import.meta.url);
const ALL: Case[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .flatMap((name) => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")));

interface Token {
  name: string;
  kind: "jwt" | "fernet";
  bytes: Buffer;
  /** One of them text or octets; a JWK's octets. */
  keys: (string | Buffer)[];
  now: number | undefined;
  policy: JwtPolicy;
  ttl: number | undefined;
  vector: Case;
}

const tokens = ALL.flatMap((vector): Token[] => {
  const { test: kind, in: given, name } = vector;
  const { now, ttl, policy = {} } = given;
  const rest = { name: `${vector.source}: ${name}`, now, ttl, policy, vector };
  if (/^(?:jwt\.verify|fernet\.decrypt|fernet\.timestamp)$/.test(kind)) {
    const keys = [given.key].flat().map(keyBytes);
    const family = kind === "jwt.verify" ? "jwt" : "fernet";
    return [{ ...rest, kind: family, bytes: octets(given.token), keys }];
  }
  if (kind !== "asgi.open" || given.type === "base64") return [];
  const { secret = "", type } = given;
  const keys = [type === "jwt" ? secret : Buffer.from(secret.padEnd(32, "="))];
  return [{ ...rest, kind: type, bytes: Buffer.from(given.cookie), keys }];
});

function keyBytes(key: unknown): string | Buffer {
  if (typeof key === "string") return key;
  const { kty, k = "" } = key as { kty?: string; k?: string };
  return kty === undefined ? octets(key as Data) : Buffer.from(k, "base64url");
}

/** What the library says of it without a policy: undefined, or the code. */
function verdict({ kind, bytes, keys, now }: Token): string | undefined {
  const time = now === undefined ? {} : { now };
  try {
    if (kind === "jwt") new Jwt(keys as JwtKey[]).verify(bytes.toString(), time);
    else new Fernet(keys).decrypt(bytes.toString(), time);
  } catch (error) {
    return (error as { code: string }).code;
  }
  return undefined;
}

/** A newline follows, as in every file, since one is dropped. */
const given = ({ bytes }: Token) => Buffer.concat([bytes, Buffer.from("\n")]);
const nowOf = ({ now }: Token) => (now === undefined ? [] : ["--now", `${now}`]);
const keysOf = ({ keys }: Token, option: string) =>
  keys.flatMap((key) =>
    typeof key === "string" ? [option, `file:${file(`${key}\n`)}`] : [option, `raw:${file(key)}`],
  );

/** What an argument can say: a time of whole seconds, keys that are there. */
const isSayable = ({ keys, now = 0, vector }: Token) =>
  keys.length > 0 && Number.isInteger(now) && !JSON.stringify(vector.in.key ?? "").includes("RSA");
const key = (token: Token) =>
  JSON.stringify([token.kind, given(token).toString("hex"), token.keys, token.now]);
const inspected = [
  ...new Map(tokens.filter(isSayable).map((token) => [key(token), token])).values(),
];

/** Looks like what it is: three parts of base64url, or Fernet's version and a high time. */
const isRecognisable = ({ kind, bytes }: Token) =>
  kind === "jwt"
    ? /^e[\w-]+\.[\w-]+\.[\w-]+$/.test(bytes.toString())
    : /^gAAAA[\w-]{93,}={0,2}$/.test(bytes.toString());

test("no case is lost but those that an argument cannot say", () => {
  const lost = tokens.filter((token) => !isSayable(token)).map(({ name }) => name);
  assert.deepEqual(lost.toSorted(), [
    "bulla: Fernet: ttl 60 half a second later",
    "bulla: JWT: fractional exp a moment earlier",
    "bulla: JWT: fractional exp at its instant",
    "bulla: JWT: key refused: JWK that is RSA",
    "bulla: JWT: key refused: no key",
  ]);
  assert.ok(inspected.length >= 250, `${inspected.length}`);
});

describe("inspect, with the key", { concurrency: AT_ONCE }, () => {
  for (const token of inspected) {
    test(token.name, async () => {
      const args = ["inspect", "--json", ...keysOf(token, "--secret"), ...nowOf(token)];
      const run = await bulla(args, { in: given(token) });
      judge(run, token, verdict(token));
    });
  }
});

function judge(run: Run, token: Token, code: string | undefined): void {
  if (code === undefined) {
    const said = json(ended(run, 0));
    assert.equal(said.proven, true);
    assert.match(JSON.stringify(said), new RegExp(token.kind, "i"), "its kind is named");
    return;
  }
  assert.doesNotMatch(`${run.stdout}${run.stderr}`, /"proven":true/);
  // A key that is none is misuse, unless it is good for another kind of token.
  if (code === "ERR_KEY") {
    assert.notEqual(run.status, 0);
    return;
  }
  ended(run, 1);
  if (isRecognisable(token)) assert.equal(json(run).code, code);
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

/** The arguments of its policy, where there are such. */
function flagsOf({ policy, ttl }: Token): string[] | undefined {
  const flags = ttl === undefined ? [] : ["--ttl", `${ttl}`];
  for (const [name, value] of Object.entries(policy)) {
    const flag = FLAGS[name];
    if (flag === undefined || typeof value === "object") return undefined;
    flags.push(`${flag}=${value}`);
  }
  return flags.length === 0 ? undefined : flags;
}

const decided = tokens.filter((token) => isSayable(token) && flagsOf(token) !== undefined);

test("policies and ttls that arguments can say are there", () => {
  const used = new Set(
    decided.flatMap((token) => flagsOf(token)?.map((flag) => flag.split("=")[0])),
  );
  for (const flag of [...Object.values(FLAGS), "--ttl"]) assert.ok(used.has(flag), flag);
});

describe("verify and decrypt, where a policy or a ttl decides", { concurrency: AT_ONCE }, () => {
  const held = decided.filter(
    ({ vector }) => vector.in.policy !== undefined || vector.error !== "ERR_TOKEN_INVALID",
  );
  for (const token of held) {
    test(token.name, async () => {
      const { vector } = token;
      const args = [...keysOf(token, "--key"), ...(flagsOf(token) ?? []), ...nowOf(token)];
      const command = token.kind === "jwt" ? "verify" : "decrypt";
      const run = await bulla([command, ...args], { in: given(token), raw: true });
      if (vector.error !== undefined) {
        failed(run, 1, new RegExp(`^bulla: ${vector.error}\\b`), vector.claim ?? "");
        return;
      }
      ended(run, 0);
      if (command === "decrypt") assert.deepEqual(run.bytes, octets(vector.out as Data));
    });
  }
});

describe("keys that the library refuses", { concurrency: AT_ONCE }, () => {
  const bad = tokens.filter((token) => isSayable(token) && token.vector.error === "ERR_KEY");
  for (const token of bad.filter(({ vector, keys }) => isRefused(vector, keys))) {
    test(token.name, async () => {
      const command = token.kind === "jwt" ? "verify" : "decrypt";
      failed(await bulla([command, ...keysOf(token, "--key")], { in: given(token) }), 2);
    });
  }

  /** A JWK that is refused for how it is written is a good key as its octets. */
  function isRefused(vector: Case, keys: (string | Buffer)[]): boolean {
    const jwk = typeof vector.in.key === "object" && "kty" in vector.in.key;
    return !vector.test.startsWith("asgi.") && !(jwk && keys.some((one) => one.length >= 32));
  }
});
