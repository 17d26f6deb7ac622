/** Sessions on a frozen clock, and requests to them through `wrap`, without a socket. */

import assert from "node:assert/strict";
import type { SessionError } from "../../src/internal/errors.ts";
import {
  type Session,
  type SessionFacts,
  type SessionOptions,
  type Sessions,
  sessions,
} from "../../src/session.ts";
import { NOW, SECRET, type Type } from "./session-cookies.ts";

/** Any data: most specs do not care. */
export type Bag = Record<string, unknown>;
export type BagSession = Session<Bag>;

/** A service with sessions, and what it was told. */
export interface Service {
  sessions: Sessions<Bag>;
  /** The codes that `onInvalid` heard. */
  invalid: string[];
  /** The codes that `onError` heard. */
  errors: string[];
}

/** `fernet` with a secret, at NOW, where the options say nothing else. */
export function service(options: Partial<SessionOptions> = {}): Service {
  const invalid: string[] = [];
  const errors: string[] = [];
  const made = sessions<Bag>({
    ...("seal" in options || options.type === "base64" ? {} : { secret: SECRET }),
    clock: () => NOW,
    onInvalid: ({ code }) => invalid.push(code),
    onError: ({ code }) => errors.push(code),
    ...options,
  });
  return { sessions: made, invalid, errors };
}

/** What makes sessions of a type; base64 has no secret. */
export function optionsOf(type: Type): Partial<SessionOptions> {
  return { type };
}

export interface Visited {
  response: Response;
  setCookie: string[];
  session: BagSession;
}

/** One request with this Cookie header, and what its handler does to the session. */
export async function visit(
  { sessions }: Service,
  cookie: string | undefined,
  handler: (session: BagSession) => unknown = () => {},
): Promise<Visited> {
  let seen: BagSession | undefined;
  const wrapped = sessions.wrap(async (_request, session) => {
    seen = session;
    await handler(session);
    return new Response("done");
  });
  const response = await wrapped(request(cookie));
  assert.ok(seen !== undefined, `the handler was not asked: ${response.status}`);
  return { response, setCookie: response.headers.getSetCookie(), session: seen };
}

export function request(cookie?: string): Request {
  return new Request("https://example.org/", cookie === undefined ? {} : { headers: { cookie } });
}

/** What assert.throws and assert.rejects compare of an error: its class, code and message together. */
export interface Refusal {
  name: "ConfigError" | "SessionError";
  code: string;
  message: string;
}

export function optionRefusal(message: string): Refusal {
  return { name: "ConfigError", code: "ERR_OPTION", message };
}

export function keyRefusal(message: string): Refusal {
  return { name: "ConfigError", code: "ERR_KEY", message };
}

const MESSAGES = {
  ERR_SESSION_TOO_LARGE: "the session cookie's name and value exceed 4096 bytes",
  ERR_SESSION_DATA: "the session holds data that JSON, or its seal, cannot hold",
  ERR_SESSION_HEADERS_SENT: "the session changed after the headers were sent",
  ERR_SESSION_REVOCATION: "the revocation list could not be asked or told",
} as const;

/** A SessionError of a code as it has to be: status and statusCode too. */
export function sessionRefusal(
  code: keyof typeof MESSAGES,
): Refusal & Pick<SessionError, "status" | "statusCode"> {
  const status = code === "ERR_SESSION_REVOCATION" ? 503 : 500;
  return { name: "SessionError", code, message: MESSAGES[code], status, statusCode: status };
}

/** The Promise of a callback's error, as the members of a session call back. */
export function calledBack(
  call: (done: (error?: SessionError) => void) => void,
): Promise<SessionError | undefined> {
  return new Promise((resolve) => {
    let synchronous = true;
    call((error) => {
      assert.equal(synchronous, false, "done is called asynchronously");
      resolve(error);
    });
    synchronous = false;
  });
}

/** The four facts of a session. */
export function facts({ id, isNew, createdAt, expiresAt }: SessionFacts): SessionFacts {
  return { id, isNew, createdAt, expiresAt };
}
