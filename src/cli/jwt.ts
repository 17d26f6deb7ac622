/** `bulla sign` and `bulla verify`: make a JWT of claims, and check it. */

import type { JwtPolicy } from "../internal/claims.ts";
import { parseObject, utf8Text } from "../internal/text.ts";
import { type Claims, Jwt } from "../jwt.ts";
import { type Options, STREAMS } from "./args.ts";
import { misuse } from "./failure.ts";
import { emit, type Io, MOST_BYTES, readAll } from "./io.ts";
import { type Key, readKeys, withoutNewline } from "./keys.ts";
import type { Args, Command } from "./main.ts";
import { json } from "./text.ts";

export const POLICY: Options = {
  issuer: "texts",
  audience: "texts",
  subject: "text",
  "jwt-id": "text",
  typ: "text",
  "expires-in": "seconds",
  "not-before": "seconds",
  tolerance: "seconds",
  "max-age": "seconds",
  "max-length": "count",
  require: "texts",
};
const OPTIONS: Options = { ...STREAMS, key: "texts", ...POLICY };
export const NO_WORDS = {
  most: 0,
  otherwise: "what it works on is read from stdin or --in FILE: arguments are seen by others",
};

export const sign: Command = {
  options: OPTIONS,
  words: NO_WORDS,
  run(args, io) {
    const jwt = new Jwt(keysOf(args, io), policyOf(args));
    const input = readAll(io, args.text("in"), "the claims", MOST_BYTES);
    const text = utf8Text(input, 0, input.length);
    const claims = text === undefined ? undefined : parseObject(text);
    if (claims === undefined) throw misuse("the claims must be a JSON object");
    const token = jwt.sign(claims as Claims, nowOf(args));
    emit(io, args.text("out"), args.has("json") ? `${json({ token })}\n` : `${token}\n`);
  },
};

export const verify: Command = {
  options: OPTIONS,
  words: NO_WORDS,
  run(args, io) {
    const jwt = new Jwt(keysOf(args, io), policyOf(args));
    const claims = jwt.verify(readToken(args, io), nowOf(args));
    emit(io, args.text("out"), `${json(claims, args.has("json") ? undefined : 2)}\n`);
  },
};

export function keysOf(args: Args, io: Io): Key[] {
  if (!args.has("key")) throw misuse("--key is needed: env:NAME, file:PATH or raw:PATH");
  return readKeys(io, args.texts("key"), "--key");
}

/** Reads the token. Bytes that are not ASCII are not a token, so their text does not matter. */
export function readToken(args: Args, io: Io): string {
  const bytes = readAll(io, args.text("in"), "the token", MOST_BYTES);
  return withoutNewline(bytes.toString());
}

export function nowOf(args: Args): { now?: number } {
  const now = args.number("now");
  return now === undefined ? {} : { now };
}

/** The policy of the options; absent ones stay absent. */
export function policyOf(args: Args): JwtPolicy {
  const policy: { [Name in keyof JwtPolicy]: JwtPolicy[Name] | undefined } = {
    issuer: oneOrMore(args.texts("issuer")),
    audience: oneOrMore(args.texts("audience")),
    subject: args.text("subject"),
    jwtId: args.text("jwt-id"),
    typ: args.text("typ"),
    expiresIn: args.number("expires-in"),
    notBefore: args.number("not-before"),
    clockTolerance: args.number("tolerance"),
    maxTokenAge: args.number("max-age"),
    maxTokenLength: args.number("max-length"),
    requiredClaims: args.has("require") ? args.texts("require") : undefined,
  };
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
}

function oneOrMore(texts: readonly string[]): string | readonly string[] | undefined {
  return texts.length > 1 ? texts : texts[0];
}
