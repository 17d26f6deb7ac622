/**
 * The three errors. None holds a key, a token, a MAC or plaintext: messages are fixed, or name an option or a claim.
 */

/** Why was a token refused? docs/errors.md says for each code what happened and what to do. */
export type TokenErrorCode =
  | "ERR_ENCODING"
  | "ERR_TOKEN_MALFORMED"
  | "ERR_TOKEN_TOO_LARGE"
  | "ERR_TOKEN_SIGNATURE"
  | "ERR_TOKEN_ALGORITHM"
  | "ERR_TOKEN_CRITICAL"
  | "ERR_TOKEN_EXPIRED"
  | "ERR_TOKEN_NOT_ACTIVE"
  | "ERR_TOKEN_CLAIM"
  | "ERR_TOKEN_INVALID";
/** Why a session could not be written or checked. */
export type SessionErrorCode =
  | "ERR_SESSION_TOO_LARGE"
  | "ERR_SESSION_DATA"
  | "ERR_SESSION_UNSENT"
  | "ERR_SESSION_REVOCATION";
/** Misuse of a call: a wrong key or secret, or another wrong option or argument. */
export type ConfigErrorCode = "ERR_KEY" | "ERR_OPTION";

const TOKEN_MESSAGES: Readonly<Record<TokenErrorCode, string>> = {
  ERR_ENCODING: "the text is not strict base64url: its alphabet, length, padding or trailing bits",
  ERR_TOKEN_MALFORMED: "the token is malformed: its parts, UTF-8 or JSON",
  ERR_TOKEN_TOO_LARGE: "the token is too large",
  ERR_TOKEN_SIGNATURE: "the signature does not match",
  ERR_TOKEN_ALGORITHM: 'the "alg" header is not HS256',
  ERR_TOKEN_CRITICAL: 'the "crit" and "b64" headers are not supported',
  ERR_TOKEN_EXPIRED: "the token has expired",
  ERR_TOKEN_NOT_ACTIVE: "the token is not active yet",
  ERR_TOKEN_CLAIM: "a claim is missing, of the wrong type, or does not match",
  ERR_TOKEN_INVALID: "the token is invalid",
};

const SESSION_MESSAGES: Readonly<Record<SessionErrorCode, string>> = {
  ERR_SESSION_TOO_LARGE: "the session is too large: the cookie's name and value exceed 4096 bytes",
  ERR_SESSION_DATA: "the session's data cannot be written: JSON or the seal cannot hold them",
  ERR_SESSION_UNSENT: "the session changed, but no response carried the change",
  ERR_SESSION_REVOCATION: "the revocation list failed: it could not be read or written",
};

/**
 * Input from outside was refused. Answer with 401 or 400. It holds nothing of the token, so you can log it.
 * @example
 * ```ts
 * import { Jwt, TokenError } from "bulla/jwt";
 *
 * try {
 *   new Jwt(Jwt.generateKey()).verify("rubbish");
 * } catch (error) {
 *   if (!(error instanceof TokenError)) throw error;
 *   console.log(error.code); // "ERR_TOKEN_MALFORMED"
 * }
 * ```
 */
export class TokenError extends Error {
  static {
    this.prototype.name = "TokenError";
  }
  /** The reason: switch on it. */
  readonly code: TokenErrorCode;
  /** The claim of ERR_TOKEN_CLAIM, such as "aud"; "typ" is the header's. */
  readonly claim?: string;

  constructor(code: TokenErrorCode, claim?: string) {
    super(
      claim === undefined
        ? TOKEN_MESSAGES[code]
        : `the claim ${JSON.stringify(claim)} is missing, of the wrong type, or does not match`,
    );
    this.code = code;
    if (claim !== undefined) this.claim = claim;
  }
}

/**
 * A session could not be written (status 500), or a revocation list could not be asked or told (503). Express, Fastify
 * and Koa answer with its `status`; elsewhere, your error handler must.
 * @example
 * ```ts
 * import { SessionError } from "bulla/session";
 *
 * export const statusOf = (error: unknown): number =>
 *   error instanceof SessionError ? error.status : 500;
 * ```
 */
export class SessionError extends Error {
  static {
    this.prototype.name = "SessionError";
  }
  /** The reason: switch on it. */
  readonly code: SessionErrorCode;
  /** The HTTP status to answer with. */
  readonly status: 500 | 503;
  /** Equals `status`, for frameworks that read this name. */
  readonly statusCode: 500 | 503;

  /** `options.cause` is only ever an error of the revocation list. */
  constructor(code: SessionErrorCode, options?: { cause: unknown }) {
    super(SESSION_MESSAGES[code], options);
    this.code = code;
    this.status = code === "ERR_SESSION_REVOCATION" ? 503 : 500;
    this.statusCode = this.status;
  }
}

/** A wrong call, not wrong input: correct the program, do not catch it. Its message names the option and the remedy. */
export class ConfigError extends TypeError {
  static {
    this.prototype.name = "ConfigError";
  }
  /** The reason: ERR_KEY or ERR_OPTION. */
  readonly code: ConfigErrorCode;

  constructor(code: ConfigErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A refusal that inner layers return: an Error costs more than verifying a token. Public methods throw. */
export interface Refusal {
  readonly code: TokenErrorCode;
  readonly claim?: string;
}

const refusals = new Map<TokenErrorCode, Refusal>();
for (const code of Object.keys(TOKEN_MESSAGES) as TokenErrorCode[]) {
  refusals.set(code, Object.freeze({ code }));
}

export function refusal(code: TokenErrorCode): Refusal {
  return refusals.get(code) as Refusal;
}

/** Turns anything that a custom seal returned or threw into a refusal. */
export function refusalOf(refused: unknown): Refusal {
  let code: unknown;
  try {
    code = (refused as { code?: unknown }).code;
  } catch {
    // It is null or undefined, or the getter threw.
  }
  return refusals.get(code as TokenErrorCode) ?? refusal("ERR_TOKEN_INVALID");
}

/** Wraps an error of a revocation list; those of lists.ts are SessionErrors already. */
export function revocationError(cause: unknown): SessionError {
  if (cause instanceof SessionError && cause.code === "ERR_SESSION_REVOCATION") return cause;
  return new SessionError("ERR_SESSION_REVOCATION", { cause });
}
