/** A session's cookie: the seal of its type, the claims in it, and the times at which it opens. */

import type { KeyObject } from "node:crypto";
import { base64urlBytes } from "./base64url.ts";
import { cookieValues } from "./cookie.ts";
import { decryptFernet, type FernetKeys } from "./fernet.ts";
import { isObject, type Json, type JsonObject, jsonValue } from "./json.ts";
import { openJws } from "./jws.ts";
import { utf8Text } from "./utf8.ts";
import { refuse, type Verdict } from "./verdict.ts";

export interface SessionSetup {
  readonly name: string;
  readonly type: "base64" | "jwt" | "fernet";
  /** The derived key: one for JWT, two halves for Fernet. */
  readonly key: KeyObject;
  readonly halves: FernetKeys;
  readonly maxAge: number;
  readonly longestAge: number;
  readonly maxLifetime: number;
}

export interface OpenedSession {
  readonly id: Json | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly data: JsonObject;
}

const MALFORMED = refuse("ERR_TOKEN_MALFORMED");
/** The members of a session itself, and the prototype. */
const MEMBERS = "id isNew createdAt expiresAt regenerate destroy save touch __proto__".split(" ");
/** How far the clocks of a fleet may differ. */
const SKEW = 60;

/** The session that a Cookie header brings; null where it has no cookie of the name. */
export function readSession(
  setup: SessionSetup,
  header: string,
  now: number,
): Verdict<OpenedSession | null> {
  const [first, ...more] = cookieValues(header, setup.name).map((value) =>
    openValue(setup, value, now),
  );
  // No generator makes two cookies that open.
  return more.find((verdict) => "value" in verdict) ?? first ?? { value: null };
}

function openValue(setup: SessionSetup, value: string, now: number): Verdict<OpenedSession> {
  // RFC 6265bis section 5.6: user agents keep no more.
  if (setup.name.length + value.length > 4096) return refuse("ERR_TOKEN_TOO_LARGE");
  const bytes = unsealed(setup, value);
  if ("faults" in bytes) return bytes;
  const text = utf8Text(bytes.value);
  const claims = text === undefined ? undefined : jsonValue(text);
  if (!isObject(claims)) return MALFORMED;
  // Anybody can write these, so only the library's own formatting is accepted.
  if (setup.type === "base64" && JSON.stringify(claims) !== text) return MALFORMED;
  return judged(setup, claims, now);
}

function unsealed(setup: SessionSetup, value: string): Verdict<readonly number[]> {
  if (setup.type === "jwt") return openJws([{ secret: setup.key }], "session+jwt", value);
  if (setup.type === "base64") {
    const bytes = base64urlBytes(value, false);
    return bytes === undefined ? refuse("ERR_ENCODING") : { value: bytes };
  }
  // A Fernet token without its padding.
  if (value.includes("=")) return refuse("ERR_TOKEN_INVALID");
  const padded = value + "=".repeat((4 - (value.length % 4)) % 4);
  const opened = decryptFernet([setup.halves], padded, { now: 0 });
  return "faults" in opened ? opened : { value: opened.value.message };
}

function judged(setup: SessionSetup, claims: JsonObject, now: number): Verdict<OpenedSession> {
  const own = (name: string): Json | undefined =>
    Object.hasOwn(claims, name) ? claims[name] : undefined;
  const [jti, iat, exp, data] = ["jti", "iat", "exp", "data"].map(own);
  const begun = own("begun") ?? iat;
  const age = own("age");
  if (!isId(jti) || !isWhole(iat) || !isWhole(exp) || !isWhole(begun)) return MALFORMED;
  if (own("begun") === null || (own("begun") !== undefined && begun >= iat)) return MALFORMED;
  if (age !== undefined && (!isWhole(age) || age < 1)) return MALFORMED;
  if (!["undefined", "boolean"].includes(typeof own("keep"))) return MALFORMED;
  if (!isObject(data) || !isWritable(data)) return MALFORMED;
  const lifetime = Math.min(age ?? setup.maxAge, setup.longestAge);
  const expiresAt = Math.min(exp, iat + lifetime, begun + setup.maxLifetime);
  const faults: string[] = [];
  if (now >= expiresAt) faults.push("ERR_TOKEN_EXPIRED");
  if (iat > now + SKEW) faults.push("ERR_TOKEN_NOT_ACTIVE");
  if (faults.length > 0) return refuse(...faults);
  const kept = Object.entries(data).filter(([name]) => !MEMBERS.includes(name));
  return { value: { id: jti, createdAt: begun, expiresAt, data: Object.fromEntries(kept) } };
}

/** Tells if it is the canonical text of 16 bytes. */
function isId(jti: Json | undefined): boolean {
  return typeof jti === "string" && base64urlBytes(jti, false)?.length === 16;
}

function isWhole(value: Json | undefined): value is number {
  return typeof value === "number" && value % 1 === 0 && Math.abs(value) <= 2 ** 53 - 1;
}

/** Tells if JSON can write the value back: no number is too large. */
function isWritable(value: Json): boolean {
  if (typeof value === "number") return Math.abs(value) <= Number.MAX_VALUE;
  if (typeof value !== "object" || value === null) return true;
  return Object.values(value).every(isWritable);
}
