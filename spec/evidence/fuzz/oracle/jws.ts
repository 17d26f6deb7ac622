/** RFC 7515 section 5.2 for the compact serialisation and HS256, step by step. */

import { createHmac, type KeyObject } from "node:crypto";
import { base64urlBytes } from "./base64url.ts";
import { isObject, type JsonObject, jsonValue } from "./json.ts";
import { utf8Text } from "./utf8.ts";
import { refuse, type Verdict } from "./verdict.ts";

export interface JwsKey {
  readonly secret: KeyObject;
  readonly kid?: string | undefined;
}

type Bytes = number[] | undefined;

/** The payload's bytes. If `typ` is given, the header must have it. */
export function openJws(
  keys: readonly JwsKey[],
  typ: string | undefined,
  token: string,
): Verdict<number[]> {
  const parts = token.split(".");
  if (parts.length !== 3) return refuse("ERR_TOKEN_MALFORMED");
  const input = `${parts[0]}.${parts[1]}`;
  const [head, payload, mac] = parts.map((part) => base64urlBytes(part, false)) as Bytes[];
  const header = head && objectOf(head);
  const held = mac !== undefined && someHolds(chosen(keys, header), input, mac);
  const otherAlgorithm =
    header !== undefined && Object.hasOwn(header, "alg") && header.alg !== "HS256";
  if (head === undefined || payload === undefined || mac === undefined) {
    // Where the header has a fault too, either may be reported: no clause orders them.
    if (held && head !== undefined) return refuse("ERR_ENCODING", ...headerFaults(header, typ));
    return otherAlgorithm ? refuse("ERR_ENCODING", "ERR_TOKEN_ALGORITHM") : refuse("ERR_ENCODING");
  }
  if (!held) return refuse(otherAlgorithm ? "ERR_TOKEN_ALGORITHM" : "ERR_TOKEN_SIGNATURE");
  const faults = headerFaults(header, typ);
  return faults.length > 0 ? refuse(...faults) : { value: payload };
}

/** The object in bytes of UTF-8 and JSON. */
export function objectOf(bytes: readonly number[]): JsonObject | undefined {
  const text = utf8Text(bytes);
  const value = text === undefined ? undefined : jsonValue(text);
  return isObject(value) ? value : undefined;
}

/** Section 4.1.4: the keys that `kid` names, or all where it names none. */
function chosen(keys: readonly JwsKey[], header: JsonObject | undefined): readonly JwsKey[] {
  const kid = header !== undefined && Object.hasOwn(header, "kid") ? header.kid : undefined;
  const named = keys.filter((key) => key.kid !== undefined && key.kid === kid);
  return named.length > 0 ? named : keys;
}

function someHolds(keys: readonly JwsKey[], input: string, mac: readonly number[]): boolean {
  // RFC 7518 section 3.2: all of its 256 bits.
  if (mac.length !== 32) return false;
  return keys.some(({ secret }) => {
    const right = createHmac("sha256", secret).update(input).digest();
    return right.every((byte, at) => byte === mac[at]);
  });
}

function headerFaults(header: JsonObject | undefined, typ: string | undefined): string[] {
  if (header === undefined) return ["ERR_TOKEN_MALFORMED"];
  const faults: string[] = [];
  if (!Object.hasOwn(header, "alg") || header.alg !== "HS256") faults.push("ERR_TOKEN_ALGORITHM");
  // Section 4.1.11; RFC 7797 section 7.
  if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) {
    faults.push("ERR_TOKEN_CRITICAL");
  }
  const given = Object.hasOwn(header, "typ") ? header.typ : undefined;
  const fits =
    typeof given === "string" && typ !== undefined && mediaType(given) === mediaType(typ);
  if (typ !== undefined && !fits) faults.push("ERR_TOKEN_CLAIM typ");
  return faults;
}

/** Section 4.1.9, and RFC 2045 section 5.1: without regard to the case of ASCII. */
function mediaType(typ: string): string {
  const whole = typ.includes("/") ? typ : `application/${typ}`;
  return whole.replaceAll(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32));
}
