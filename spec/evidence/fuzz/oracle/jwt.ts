/** RFC 7519 section 7.2 and the claims of section 4.1, under a policy. */

import { base64urlBytes } from "./base64url.ts";
import type { Json, JsonObject } from "./json.ts";
import { type JwsKey, objectOf, openJws } from "./jws.ts";
import { refuse, type Verdict } from "./verdict.ts";

export interface Policy {
  readonly issuer?: string;
  readonly audience?: string | readonly string[];
  readonly subject?: string;
  readonly jwtId?: string;
  readonly typ?: string;
  readonly expiresIn?: number;
  readonly clockTolerance?: number;
  readonly maxTokenAge?: number;
  readonly requiredClaims?: readonly string[];
  readonly maxTokenLength?: number;
}

export function verifyJwt(
  keys: readonly JwsKey[],
  policy: Policy,
  token: string,
  now: number,
): Verdict<JsonObject> {
  if (token.length > (policy.maxTokenLength ?? 8192)) return refuse("ERR_TOKEN_TOO_LARGE");
  const opened = openJws(keys, policy.typ, token);
  if ("faults" in opened) return opened;
  const claims = objectOf(opened.value);
  if (claims === undefined) return refuse("ERR_TOKEN_MALFORMED");
  const faults = [...claimFaults(claims, policy), ...timeFaults(claims, policy, now)];
  return faults.length > 0 ? refuse(...faults) : { value: claims };
}

/** The content of a token, without any proof. */
export function decodeJwt(token: string): Verdict<{ header: JsonObject; claims: JsonObject }> {
  const parts = token.split(".");
  if (parts.length !== 3) return refuse("ERR_TOKEN_MALFORMED");
  const bytes = parts.map((part) => base64urlBytes(part, false));
  const [header, claims] = bytes.slice(0, 2).map((part) => part && objectOf(part));
  const faults: string[] = [];
  if (bytes.includes(undefined)) faults.push("ERR_ENCODING");
  if (bytes[0] !== undefined && header === undefined) faults.push("ERR_TOKEN_MALFORMED");
  if (bytes[1] !== undefined && claims === undefined) faults.push("ERR_TOKEN_MALFORMED");
  if (header === undefined || claims === undefined || faults.length > 0) return { faults };
  return { value: { header, claims } };
}

const STRINGS = ["iss", "sub", "jti"];
const TIMES = ["exp", "nbf", "iat"];

/** Section 4.1: the types of claims, and the demands of the policy. No clause orders them. */
function claimFaults(claims: JsonObject, policy: Policy): string[] {
  const faults = new Set<string>();
  const audience = [policy.audience ?? []].flat();
  const demand = (holds: boolean, name: string): void => {
    if (!holds) faults.add(`ERR_TOKEN_CLAIM ${name}`);
  };
  for (const name of STRINGS) demand(!has(claims, name) || typeof claims[name] === "string", name);
  // Section 2: a NumericDate is a number. 1e400 reads as Infinity, which cannot be compared.
  for (const name of TIMES) demand(!has(claims, name) || Number.isFinite(claims[name]), name);
  const aud = has(claims, "aud") ? claims.aud : undefined;
  demand(aud === undefined || isAudience(aud), "aud");
  for (const name of policy.requiredClaims ?? []) demand(has(claims, name), name);
  if (policy.expiresIn !== undefined) demand(has(claims, "exp"), "exp");
  if (policy.maxTokenAge !== undefined) demand(has(claims, "iat"), "iat");
  const fixed = { iss: policy.issuer, sub: policy.subject, jti: policy.jwtId };
  for (const [name, value] of Object.entries(fixed)) {
    demand(value === undefined || (has(claims, name) && claims[name] === value), name);
  }
  // Section 4.1.3: `aud` must name us, and must be absent where we have no audience.
  if (audience.length > 0 || aud !== undefined) {
    const named: Json[] = [aud ?? []].flat();
    demand(
      audience.some((one) => named.includes(one)),
      "aud",
    );
  }
  return [...faults];
}

function timeFaults(claims: JsonObject, policy: Policy, now: number): string[] {
  const faults: string[] = [];
  const [exp, nbf, iat] = TIMES.map((name) => (has(claims, name) ? claims[name] : undefined));
  const { clockTolerance = 0, maxTokenAge } = policy;
  // Section 4.1.4: "on or after" is too late. Section 4.1.5: not "before".
  if (typeof exp === "number" && now >= exp + clockTolerance) faults.push("ERR_TOKEN_EXPIRED");
  if (typeof nbf === "number" && now < nbf - clockTolerance) faults.push("ERR_TOKEN_NOT_ACTIVE");
  if (typeof iat === "number" && maxTokenAge !== undefined) {
    if (now - iat > maxTokenAge + clockTolerance) faults.push("ERR_TOKEN_EXPIRED");
    if (iat > now + clockTolerance) faults.push("ERR_TOKEN_NOT_ACTIVE");
  }
  return faults;
}

function has(claims: JsonObject, name: string): boolean {
  return Object.hasOwn(claims, name);
}

function isAudience(aud: Json): boolean {
  if (typeof aud === "string") return true;
  return Array.isArray(aud) && aud.every((one) => typeof one === "string");
}
