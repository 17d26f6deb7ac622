/**
 * The three errors that bulla throws: TokenError (hostile or spoilt input), SessionError (a session
 * that cannot be written or checked) and ConfigError (misuse). None of them ever holds a key, a
 * token, a MAC or plaintext: their texts are fixed, or name an option or a claim.
 */

export type TokenErrorCode = keyof typeof TOKEN_MESSAGES;
export type SessionErrorCode = keyof typeof SESSION_MESSAGES;
export type ConfigErrorCode = "ERR_KEY" | "ERR_OPTION";

const TOKEN_MESSAGES = {
  ERR_ENCODING: "not base64url: alphabet, length, padding or trailing bits",
  ERR_TOKEN_MALFORMED: "not a token: its parts, UTF-8 or JSON are malformed",
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
  ERR_SESSION_TOO_LARGE: "the session cookie's name and value exceed 4096 bytes",
  ERR_SESSION_DATA: "the session holds data that JSON, or its seal, cannot hold",
  ERR_SESSION_UNSENT: "the session changed and nothing carried it",
  ERR_SESSION_REVOCATION: "the revocation list could not be asked or told",
} as const;

/** What came from outside was refused. Switch on `code`; `claim` names the claim of ERR_TOKEN_CLAIM. */
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

/** A session could not be written (status 500), or its revocation not be asked or told (503). */
export class SessionError extends Error {
  static {
    this.prototype.name = "SessionError";
  }
  readonly code: SessionErrorCode;
  /** The HTTP status that an error handler should answer with; `statusCode` is the same. */
  readonly status: 500 | 503;
  readonly statusCode: 500 | 503;

  /** `options.cause` is only ever what the application's own revocation list threw. */
  constructor(code: SessionErrorCode, options?: { cause: unknown }) {
    super(SESSION_MESSAGES[code], options);
    this.code = code;
    this.status = code === "ERR_SESSION_REVOCATION" ? 503 : 500;
    this.statusCode = this.status;
  }
}

/** The library was called wrongly: a fault of the program, not of its input. */
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
 * A refusal that costs no Error: what the layers beneath the public methods return, one frozen object
 * for each code (an Error with its stack costs more than the whole verification of a token).
 */
export interface Refusal {
  readonly code: TokenErrorCode;
  readonly claim?: string;
}

const refusals = new Map<TokenErrorCode, Refusal>();
for (const code of Object.keys(TOKEN_MESSAGES) as TokenErrorCode[]) {
  refusals.set(code, Object.freeze({ code }));
}

/** The one refusal of a code. */
export function refusal(code: TokenErrorCode): Refusal {
  return refusals.get(code) as Refusal;
}

/** The refusal of that code, whatever a foreign `seal` returned or threw. */
export function refusalOf(refused: unknown): Refusal {
  let code: unknown;
  try {
    code = (refused as { code?: unknown } | null | undefined)?.code;
  } catch {
    // A getter of its own.
  }
  return refusals.get(code as TokenErrorCode) ?? refusal("ERR_TOKEN_INVALID");
}

/** The list could not be asked or told; those of lists.ts say so themselves. */
export function revocationError(cause: unknown): SessionError {
  if (cause instanceof SessionError && cause.code === "ERR_SESSION_REVOCATION") return cause;
  return new SessionError("ERR_SESSION_REVOCATION", { cause });
}
