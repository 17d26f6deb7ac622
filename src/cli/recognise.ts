/** Recognises a token, and reads what anybody can read of it. Nothing here is proven. */

import { asgiSessions } from "../asgi.ts";
import { fromText } from "../internal/base64.ts";
import type { Claims } from "../internal/claims.ts";
import { MAX_AGE_LIMIT } from "../internal/cookies.ts";
import type { Refusal, TokenErrorCode } from "../internal/errors.ts";
import { hasVersion, isFrameLength, timestampOf } from "../internal/frame.ts";
import { hasType, type JwtHeader, openUnverified } from "../internal/jws.ts";
import { parseObject, utf8Text } from "../internal/text.ts";
import { configure } from "../session/config.ts";
import { openValue } from "../session/envelope.ts";
import { SESSION_TYPE, type SealType } from "../session/seal.ts";

export type Kind = "jwt" | "fernet" | "session" | "asgi-session" | "unknown";

export interface Finding {
  readonly kind: Kind;
  /** The type of a session. */
  readonly type?: SealType;
  readonly characters: number;
  readonly header?: JwtHeader;
  readonly claims?: Claims;
  /** The token's times by name, in seconds. */
  readonly times?: Readonly<Record<string, number>>;
  /** The session's id, or the bytes of a Fernet message. */
  readonly id?: string;
  readonly data?: object;
  readonly message?: Uint8Array;
  /** The reason why it is refused. */
  readonly code?: TokenErrorCode;
  readonly claim?: string;
}

/** The settings under which sessions are opened. */
export interface Setting {
  readonly now: number;
  readonly maxAge: number | undefined;
}

const TIMES = ["iat", "nbf", "exp", "auth_time", "updated_at"];

export function recognise(value: string, name: string, setting: Setting): Finding {
  const characters = value.length;
  if (value.includes(".")) return { characters, ...readJwt(value) };
  const bytes = bytesOf(value);
  if (bytes === undefined) return { kind: "unknown", characters, code: "ERR_ENCODING" };
  if (isFrameLength(bytes.length) && hasVersion(bytes)) {
    return { kind: "fernet", characters, times: { made: timestampOf({ buffer: bytes }) } };
  }
  const text = utf8Text(bytes, 0, bytes.length);
  const members = text === undefined ? undefined : parseObject(text);
  if (members === undefined) return { kind: "unknown", characters, code: "ERR_TOKEN_MALFORMED" };
  const isOurs = "jti" in members && "exp" in members && "data" in members;
  const opened = isOurs
    ? openSession("base64", undefined, name, value, setting)
    : openAsgi("base64", undefined, name, value, setting);
  const kind = isOurs ? "session" : "asgi-session";
  return { kind, type: "base64", characters, claims: members, ...opened };
}

function readJwt(value: string): Omit<Finding, "characters"> {
  const opened = openUnverified(value);
  if ("code" in opened) return { kind: "unknown", code: opened.code as TokenErrorCode };
  const { header, payload } = opened as { header: JwtHeader; payload: string };
  const claims = parseObject(payload);
  if (claims === undefined) return { kind: "jwt", header, code: "ERR_TOKEN_MALFORMED" };
  const times: Record<string, number> = {};
  for (const time of TIMES) {
    if (typeof claims[time] === "number") times[time] = claims[time];
  }
  if (!hasType(header, SESSION_TYPE)) return { kind: "jwt", header, claims, times };
  return { kind: "session", type: "jwt", header, claims, times };
}

function bytesOf(value: string): Buffer | undefined {
  try {
    return Buffer.from(fromText(value, value.endsWith("=")).buffer);
  } catch {
    return undefined;
  }
}

type Opened = Pick<Finding, "times" | "id" | "data"> | Refusal;

/** Opens a session by envelope.ts, times included: `exp` counts, and `maxAge` if given. @throws ConfigError ERR_KEY */
export function openSession(
  type: SealType,
  secret: string | Uint8Array | undefined,
  name: string,
  value: string,
  { now, maxAge = MAX_AGE_LIMIT }: Setting,
): Opened {
  const sealed = secret === undefined ? { type } : { type, secret };
  const config = configure({ ...sealed, cookie: { name }, maxAge, clock: () => now });
  const opened = openValue(config, value, config.now());
  if ("code" in opened) return opened;
  const { id, iat, begun, ends, data } = opened;
  return { id, data, times: { written: iat, begun, expires: ends } };
}

/** Opens a session of asgi-sessions; only its type fernet has a time. @throws ConfigError ERR_KEY */
export function openAsgi(
  type: SealType,
  secret: string | undefined,
  name: string,
  value: string,
  { now, maxAge }: Setting,
): Opened {
  let refused: Refusal | undefined;
  const session = asgiSessions<object>({
    type,
    ...(secret !== undefined && { secret }),
    ...(maxAge !== undefined && { maxAge }),
    allowWeakSecret: true,
    cookie: { name },
    clock: () => now,
    onInvalid: (reason) => {
      refused = reason as Refusal;
    },
  }).read(`${name}=${value}`);
  if (refused !== undefined) return refused;
  const data = { ...session };
  if (type !== "fernet") return { data };
  return { data, times: { written: session.createdAt, expires: session.expiresAt } };
}
