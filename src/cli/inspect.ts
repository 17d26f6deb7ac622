/** `bulla inspect`: tells which kind of token or cookie it is, what anybody can read in it, and what a key proves. */

import { mute } from "../internal/callbacks.ts";
import { TokenError, type TokenErrorCode } from "../internal/errors.ts";
import { STREAMS } from "./args.ts";
import { Failure, REFUSED } from "./failure.ts";
import { type Cookie, type Field, readField } from "./field.ts";
import { emit, type Io, MOST_BYTES, readAll } from "./io.ts";
import { NO_WORDS, POLICY, policyOf } from "./jwt.ts";
import { type Key, readKeys, withoutNewline } from "./keys.ts";
import type { Args, Command } from "./main.ts";
import { type Context, NAMES, type Proof, prove } from "./prove.ts";
import { recognise } from "./recognise.ts";
import { jsonReport, textReport } from "./report.ts";

/** A cookie, or a bare token, and the findings about it. */
export interface Inspected {
  readonly name: string | undefined;
  readonly proof: Proof;
}

export interface Report {
  readonly field: Field;
  readonly inspected: readonly Inspected[];
  readonly keys: number;
  readonly now: number;
  /** The reason for status 1. */
  readonly refused: Failure | undefined;
}

export const inspect: Command = {
  options: { ...STREAMS, ...POLICY, secret: "texts", name: "text", ttl: "seconds" },
  words: NO_WORDS,
  run(args, io) {
    // The report says so itself.
    for (const code of ["BULLA_BASE64", "BULLA_WEAK_SECRET"]) mute(code);
    const keys = readKeys(io, args.texts("secret"), "--secret");
    const input = readAll(io, args.text("in"), "what is to be inspected", MOST_BYTES);
    const field = readField(withoutNewline(input.toString()));
    const now = args.number("now") ?? Math.floor(Date.now() / 1000);
    const inspected = cookiesOf(field, args.text("name")).map((cookie) =>
      inspectCookie(cookie, keys, contextOf(args, now), field),
    );
    const failure = failureOf(field, inspected, keys.length);
    const report = { field, inspected, keys: keys.length, now, refused: failure };
    const out = args.text("out");
    // Only a good result goes into a file.
    if (failure === undefined || (out === undefined && hasSomething(report))) {
      emit(io, out, args.has("json") ? jsonReport(report) : textReport(report, colours(args, io)));
    }
    if (failure !== undefined) throw failure;
  },
};

function cookiesOf({ kind, cookies }: Field, name: string | undefined): readonly Cookie[] {
  if (name === undefined) return cookies;
  if (kind === "token") return cookies.map(({ value }) => ({ name, value }));
  const named = cookies.filter((cookie) => cookie.name === name);
  if (named.length > 0) return named;
  throw new Failure(REFUSED, "ERR_TOKEN_MALFORMED", "there is no cookie of that name");
}

function contextOf(args: Args, now: number): Omit<Context, "cookie"> {
  const { "max-age": _, ...claims } = POLICY;
  const hasPolicy = Object.keys(claims).some((name) => args.has(name));
  const [ttl, maxAge] = [args.number("ttl"), args.number("max-age")];
  return { now, policy: policyOf(args), hasPolicy, ttl, maxAge };
}

function inspectCookie(
  { name, value }: Cookie,
  keys: readonly Key[],
  shared: Omit<Context, "cookie">,
  { kind }: Field,
): Inspected {
  const cookie = name === "" ? undefined : name;
  const context = { ...shared, cookie };
  const finding = recognise(value, cookie ?? (NAMES[2] as string), context);
  // A field also holds cookies of other programs: keys are not tried on them.
  const isOther = finding.kind === "unknown" && kind !== "token";
  const proof =
    keys.length === 0 || isOther
      ? { ...finding, proven: false }
      : prove(finding, value, keys, context);
  return { name: cookie, proof };
}

/** Explains status 1: nothing is recognised, or the keys prove nothing. */
function failureOf(
  field: Field,
  inspected: readonly Inspected[],
  keys: number,
): Failure | undefined {
  const good = inspected.some(({ proof }) => (keys > 0 ? proof.proven : proof.kind !== "unknown"));
  if (good) return undefined;
  const { code, claim } = reasonOf(inspected);
  let { message } = new TokenError(code, claim);
  if (keys > 0 && inspected.every(({ proof }) => proof.type === "base64")) {
    message = "type base64 is not signed: no key proves it";
  } else if (keys === 0 && field.kind !== "token") message = "no cookie of bulla's is recognised";
  return new Failure(REFUSED, code, message, claim);
}

function reasonOf(inspected: readonly Inspected[]): { code: TokenErrorCode; claim?: string } {
  const known = inspected.filter(({ proof }) => proof.kind !== "unknown");
  for (const { proof } of [...known, ...inspected]) {
    const { code, claim } = proof;
    if (code !== undefined) return claim === undefined ? { code } : { code, claim };
  }
  return { code: "ERR_TOKEN_MALFORMED" };
}

function hasSomething({ field, inspected }: Report): boolean {
  return field.kind !== "token" || inspected.some(({ proof }) => proof.kind !== "unknown");
}

/** NO_COLOR (no-color.org) counts if it is set and not empty. */
function colours(args: Args, { env, isTerminal }: Io): boolean {
  if (args.has("no-color") || args.has("out") || (env.NO_COLOR ?? "") !== "") return false;
  return env.TERM !== "dumb" && isTerminal();
}
