/** The signer of Python's itsdangerous, with which Starlette and Flask sign: VALUE.TIME.HMAC-SHA1 */

import { createHmac, timingSafeEqual } from "node:crypto";

const MAC_BYTES = 20;

/** The signed value, if its MAC holds and it is not older than `maxAge` seconds; undefined otherwise. */
export function unsign(
  signed: string,
  key: Uint8Array,
  maxAge: number,
  now: number,
): string | undefined {
  const [, input = "", value, time = "", mac = ""] =
    /^((.+)\.([\w-]+))\.([\w-]{27})$/.exec(signed) ?? [];
  const given = Buffer.from(mac, "base64url");
  const expected = createHmac("sha1", key).update(input).digest();
  if (given.length !== MAC_BYTES || !timingSafeEqual(given, expected)) return undefined;
  const age = Math.floor(now) - Number(`0x${Buffer.from(time, "base64url").toString("hex")}`);
  return age >= 0 && age <= maxAge ? value : undefined;
}
