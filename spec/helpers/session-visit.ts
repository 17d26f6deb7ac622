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

/** Sessions of type fernet with a secret, at NOW, unless the options say otherwise. */
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

/** The options for sessions of a type. */
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

/** Class, code and message of an error, for assert.throws and assert.rejects. */
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

/** A ConfigError with a code, whose message names the fault. */
export function configRefusal(
  names: RegExp,
  code: "ERR_KEY" | "ERR_OPTION" = "ERR_OPTION",
): { name: "ConfigError"; code: string; message: RegExp } {
  return { name: "ConfigError", code, message: names };
}

const MESSAGES = {
  ERR_SESSION_TOO_LARGE: "the session is too large: the cookie's name and value exceed 4096 bytes",
  ERR_SESSION_DATA: "the session's data cannot be written: JSON or the seal cannot hold them",
  ERR_SESSION_UNSENT: "the session changed, but no response carried the change",
  ERR_SESSION_REVOCATION: "the revocation list failed: it could not be read or written",
} as const;

/** A SessionError with a code: its message, status and statusCode too. */
export function sessionRefusal(
  code: keyof typeof MESSAGES,
): Refusal & Pick<SessionError, "status" | "statusCode"> {
  const status = code === "ERR_SESSION_REVOCATION" ? 503 : 500;
  return { name: "SessionError", code, message: MESSAGES[code], status, statusCode: status };
}

/** Resolves with the error that a member of a session gives to its callback. */
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

/** A promise that the test settles. */
export interface Gate {
  opened: Promise<void>;
  open(): void;
  fail(error: unknown): void;
}

export function gate(): Gate {
  let open: () => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { opened, open, fail };
}

/** Resolves with the reason of a rejection. */
export function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail("the promise was not rejected"),
    (reason: unknown) => reason,
  );
}

/** Resolves with what a call throws, or its Promise is rejected with. */
export function caught(call: () => unknown): Promise<unknown> {
  return rejection(
    new Promise((resolve) => {
      resolve(call());
    }),
  );
}

/** Lets every pending callback run: promises, process.nextTick and setImmediate. */
export async function turns(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

/** The `name=value` of a Set-Cookie, as a client sends it back. */
export function pairOf(setCookie: string | undefined): string {
  const [pair = ""] = (setCookie ?? "").split(";");
  assert.match(pair, /^[^=]+=./, `a Set-Cookie: ${setCookie}`);
  return pair;
}

/** The Set-Cookie fields of a Response that have a name. */
export function cookiesNamed(response: Response, name: string): string[] {
  return response.headers.getSetCookie().filter((cookie) => cookie.startsWith(`${name}=`));
}
