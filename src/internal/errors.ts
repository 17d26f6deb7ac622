/**
 * The three errors: TokenError (bad input), SessionError (a session cannot be written or checked) and
 * ConfigError (misuse). None ever holds a key, a token, a MAC or plaintext: messages are fixed, or name
 * an option or a claim.
 */

export type TokenErrorCode = keyof typeof TOKEN_MESSAGES;
export type SessionErrorCode = keyof typeof SESSION_MESSAGES;
export type ConfigErrorCode = "ERR_KEY" | "ERR_OPTION";

const TOKEN_MESSAGES = {
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
} as const;

const SESSION_MESSAGES = {
  ERR_SESSION_TOO_LARGE: "the session is too large: the cookie's name and value exceed 4096 bytes",
  ERR_SESSION_DATA: "the session's data cannot be written: JSON or the seal cannot hold them",
  ERR_SESSION_UNSENT: "the session changed, but no response carried the change",
  ERR_SESSION_REVOCATION: "the revocation list failed: it could not be read or written",
} as const;

/** Input from outside was refused. Switch on `code`; `claim` names the claim of ERR_TOKEN_CLAIM. */
export class TokenError extends Error {
  static {
    this.prototype.name = "TokenError";
  }
  readonly code: TokenErrorCode;
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

/** A session cannot be written (status 500), or its revocation list failed (503). */
export class SessionError extends Error {
  static {
    this.prototype.name = "SessionError";
  }
  readonly code: SessionErrorCode;
  /** The HTTP status that an error handler should answer with; `statusCode` is the same. */
  readonly status: 500 | 503;
  readonly statusCode: 500 | 503;

  /** `options.cause` is only ever an error of the revocation list. */
  constructor(code: SessionErrorCode, options?: { cause: unknown }) {
    super(SESSION_MESSAGES[code], options);
    this.code = code;
    this.status = code === "ERR_SESSION_REVOCATION" ? 503 : 500;
    this.statusCode = this.status;
  }
}

/** Misuse: an error of the program, not of its input. */
export class ConfigError extends TypeError {
  static {
    this.prototype.name = "ConfigError";
  }
  readonly code: ConfigErrorCode;

  constructor(code: ConfigErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * A refusal that is not an Error, since making one costs more than verifying a token. Inner layers return
 * one frozen object for each code; public methods throw.
 */
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
    code = (refused as { code?: unknown } | null | undefined)?.code;
  } catch {
    // A getter that throws.
  }
  return refusals.get(code as TokenErrorCode) ?? refusal("ERR_TOKEN_INVALID");
}

/** Wraps an error of a revocation list; those of lists.ts are SessionErrors already. */
export function revocationError(cause: unknown): SessionError {
  if (cause instanceof SessionError && cause.code === "ERR_SESSION_REVOCATION") return cause;
  return new SessionError("ERR_SESSION_REVOCATION", { cause });
}
