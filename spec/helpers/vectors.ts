/**
 * Runs a case of vectors/*.json. vectors/README.md has the schema, and a new case needs no new code. Objects
 * are made once for a key and reused: a case, above all a refused one, must not affect the next. Nothing here
 * needs Node itself: it also runs in a worker.
 */

import assert from "node:assert/strict";
import { type AsgiSessionOptions, asgiSessions } from "../../src/asgi.ts";
import { decode, encode } from "../../src/base64url.ts";
import { type CookieAttributes, readCookies, serializeCookie } from "../../src/cookie.ts";
import { Fernet } from "../../src/fernet.ts";
import { pad } from "../../src/internal/base64.ts";
import { ConfigError, TokenError, type TokenErrorCode } from "../../src/internal/errors.ts";
import { Frames } from "../../src/internal/frame.ts";
import { CAPACITY, HmacKey, page } from "../../src/internal/hmac.ts";
import { Jws } from "../../src/internal/jws.ts";
import { type Claims, Jwt, type JwtPolicy } from "../../src/jwt.ts";

/** Octets or text: direct, or in pieces that are each repeated `times`. */
type Piece = ({ utf8: string } | { hex: string } | { base64url: string }) & { times?: number };
export type Data = string | Piece | Piece[];
type Jwk = { kty: "oct"; k: string; kid?: string };
type Key = string | Jwk | Piece;

/** The input. A case's `test` tells which members it has. */
export interface Given {
  attributes: { expires?: string };
  bytes: Data;
  claims: Claims;
  bits: number;
  cookie: string;
  data: Record<string, unknown>;
  header: string;
  iv: Data;
  key: Key | Key[];
  message: Data;
  name: string;
  now: number;
  options: { now?: number; expiresIn?: number; notBefore?: number };
  padding: boolean;
  policy: JwtPolicy;
  secret: string;
  text: Data;
  token: Data;
  ttl: number;
  type: AsgiSessionOptions["type"];
  value: string;
  weak: boolean;
}

export interface Case {
  name: string;
  source: string;
  section: string;
  made?: string;
  test: string;
  in: Given;
  out?: unknown;
  error?: string;
  claim?: string;
  refused?: string;
}

interface Runner {
  /** The members that `in` must have; `takes` are optional. */
  needs: (keyof Given)[];
  takes: (keyof Given)[];
  run(given: Given): unknown;
  /** Converts `out` of a case to the form that `run` returns. */
  out(out: unknown): unknown;
}

const asText = (out: unknown) => text(out as Data);
const asOctets = (out: unknown) => octets(out as Data).toString("hex");
const asJson = (out: unknown) => out;

const RUNNERS: Record<string, Runner> = {
  "base64url.encode": {
    needs: ["bytes"],
    takes: ["padding"],
    run: (given) => encode(octets(given.bytes), pick(given, "padding")),
    out: asText,
  },
  "base64url.decode": {
    needs: ["text"],
    takes: ["padding"],
    run: (given) => hex(decode(text(given.text), pick(given, "padding"))),
    out: asOctets,
  },
  hmac: {
    needs: ["key", "message"],
    takes: ["bits"],
    run: (given) => hmac(octets(given.key as Data), octets(given.message), given.bits ?? 256),
    out: asOctets,
  },
  "jws.verify": {
    needs: ["key", "token"],
    takes: [],
    run(given) {
      const payload = once(Jws, given, () => new Jws(keys(given))).open(text(given.token));
      // The layer returns refusals; public methods throw them.
      if (typeof payload !== "string") throw new TokenError(payload.code, payload.claim);
      return payload;
    },
    out: asText,
  },
  "jwt.sign": {
    needs: ["key", "claims"],
    takes: ["policy", "options"],
    run: (given) => jwt(given).sign(given.claims, given.options),
    out: asText,
  },
  "jwt.verify": {
    needs: ["key", "token"],
    takes: ["policy", "now"],
    run: (given) => jwt(given).verify(text(given.token), pick(given, "now")),
    out: asJson,
  },
  "fernet.encrypt": {
    needs: ["key", "iv", "message", "now"],
    takes: [],
    run(given) {
      const frames = once(Frames, given, () => new Frames(fernetKeys(given), giveIv));
      iv = octets(given.iv);
      return pad(frames.encrypt(octets(given.message), given.now));
    },
    out: asText,
  },
  "fernet.decrypt": {
    needs: ["key", "token"],
    takes: ["ttl", "now"],
    run: (given) => hex(fernet(given).decrypt(text(given.token), pick(given, "ttl", "now"))),
    out: asOctets,
  },
  "fernet.timestamp": {
    needs: ["key", "token"],
    takes: [],
    run: (given) => fernet(given).timestamp(text(given.token)),
    out: asJson,
  },
  "cookie.read": {
    needs: ["header", "name"],
    takes: [],
    run: ({ header, name }) => readCookies(header, name),
    out: asJson,
  },
  "cookie.write": {
    needs: ["name", "value"],
    takes: ["attributes"],
    run({ name, value, attributes: { expires } = {} }) {
      const attributes: CookieAttributes = {};
      if (expires !== undefined) attributes.expires = new Date(expires);
      return serializeCookie(name, value, attributes);
    },
    out: asText,
  },
  "asgi.open": {
    needs: ["type", "cookie"],
    takes: ["secret", "weak", "now"],
    run(given) {
      let code: TokenErrorCode | undefined;
      const options = asgiOptions(given);
      const onInvalid: AsgiSessionOptions["onInvalid"] = (reason) => {
        code = reason.code as TokenErrorCode;
      };
      const session = asgiSessions<object>({ ...options, onInvalid }).read(
        `session=${given.cookie}`,
      );
      if (code !== undefined) throw new TokenError(code);
      return { ...session };
    },
    out: asJson,
  },
  "asgi.issue": {
    needs: ["type", "data"],
    takes: ["secret", "weak"],
    run(given) {
      const { setCookie } = asgiSessions<object>(asgiOptions(given)).issue(given.data);
      return /^session=([^;]*)/.exec(setCookie)?.[1];
    },
    out: asText,
  },
};

function asgiOptions({ type, secret, weak = false, now }: Given): AsgiSessionOptions {
  return {
    type,
    ...(secret === undefined ? {} : { secret }),
    allowWeakSecret: weak,
    ...(now === undefined ? {} : { clock: () => now }),
  };
}

/** Throws where the result differs from the case. */
export function hold(vector: Case): void {
  const { name, error } = vector;
  const { run, out } = runner(vector);
  if (error === undefined) {
    assert.deepStrictEqual(run(vector.in), out(vector.out), name);
    return;
  }
  const type = error === "ERR_KEY" || error === "ERR_OPTION" ? ConfigError : TokenError;
  assert.throws(
    () => run(vector.in),
    (thrown) => {
      assert.ok(thrown instanceof type, `${name}: ${thrown}`);
      const { code, claim } = thrown as { code: string; claim?: string };
      assert.deepStrictEqual({ code, claim }, { code: error, claim: vector.claim }, name);
      return true;
    },
  );
}

/** Returns the runner of the test that a case names. */
export function runner(vector: Case): Runner {
  const found = RUNNERS[vector.test];
  assert.ok(found, `${vector.name}: nothing runs the test ${vector.test}`);
  return found;
}

/** Computes the MAC in the page and outside it; both must agree. */
function hmac(key: Buffer, message: Buffer, bits: number): string {
  const made = new HmacKey(key);
  const mac = made.of(message, "base64url");
  if (message.length <= CAPACITY) {
    page.set(message);
    assert.equal(made.ofPage(message.length, "base64url"), mac);
  }
  return Buffer.from(mac, "base64url").toString("hex", 0, bits / 8);
}

/** The IV of the next encryption. */
let iv: Uint8Array = new Uint8Array(16);

function giveIv(target: Uint8Array, at: number): void {
  target.set(iv, at);
}

const made = new Map<string, unknown>();

/** Returns the object for a key and policy, which is made at its first use. */
function once<T>(type: { name: string }, { key, policy }: Given, make: () => T): T {
  const which = JSON.stringify([type.name, key, policy]);
  const known = (made.get(which) as T | undefined) ?? make();
  made.set(which, known);
  return known;
}

function jwt(given: Given): Jwt {
  return once(Jwt, given, () => new Jwt(keys(given), given.policy));
}

function fernet(given: Given): Fernet {
  return once(Fernet, given, () => new Fernet(fernetKeys(given)));
}

function keys({ key }: Given): (string | Jwk | Buffer)[] {
  return [key].flat().map((one) => (isPiece(one) ? octets(one) : one));
}

function fernetKeys(given: Given): (string | Buffer)[] {
  return keys(given) as (string | Buffer)[];
}

function isPiece(key: Key): key is Piece {
  return typeof key === "object" && !("kty" in key);
}

export function octets(data: Data): Buffer {
  if (typeof data === "string") return Buffer.from(data);
  return Buffer.concat(
    [data].flat().map((piece) => {
      const { times = 1 } = piece;
      const bytes =
        "utf8" in piece
          ? Buffer.from(piece.utf8)
          : "hex" in piece
            ? Buffer.from(piece.hex, "hex")
            : Buffer.from(piece.base64url, "base64url");
      // An empty piece stays empty; Deno refuses to fill with it.
      return bytes.length === 0 ? bytes : Buffer.alloc(bytes.length * times, bytes);
    }),
  );
}

/** Repeats text as UTF-16: octets would lose a lone surrogate. */
function text(data: Data): string {
  if (typeof data === "string") return data;
  return [data]
    .flat()
    .map((piece) => ("utf8" in piece ? piece.utf8.repeat(piece.times ?? 1) : octets(piece)))
    .join("");
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Returns the options that a case gives. */
function pick<N extends keyof Given>(given: Given, ...names: N[]): Partial<Pick<Given, N>> {
  return Object.fromEntries(
    names.filter((name) => name in given).map((name) => [name, given[name]]),
  ) as Partial<Pick<Given, N>>;
}
