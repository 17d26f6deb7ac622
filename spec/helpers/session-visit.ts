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

/** Any data, for specs where they do not matter. */
export type Bag = Record<string, unknown>;
export type BagSession = Session<Bag>;

/** A service with sessions, and the codes that it reported. */
export interface Service {
  sessions: Sessions<Bag>;
  /** The codes that `onInvalid` got. */
  invalid: string[];
  /** The codes that `onError` got. */
  errors: string[];
}

/** Makes sessions of type fernet with a secret and a clock at NOW; the options override them. */
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

/** Returns the options for sessions of a type. */
export function optionsOf(type: Type): Partial<SessionOptions> {
  return { type };
}

export interface Visited {
  response: Response;
  setCookie: string[];
  session: BagSession;
}

/** Sends one request with this Cookie header, and runs the handler on its session. */
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

/** The class, code and message of an error, for assert.throws and assert.rejects. */
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

/** Describes a ConfigError by its code and a part of its message. */
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

/** Describes a SessionError by its code, with its message, status and statusCode. */
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

/** Returns the four facts of a session. */
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

/** Resolves with the error that a call throws or its Promise rejects with. */
export function caught(call: () => unknown): Promise<unknown> {
  return rejection(
    new Promise((resolve) => {
      resolve(call());
    }),
  );
}

/** Runs every pending callback: promises, process.nextTick and setImmediate. */
export async function turns(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

/** Returns the `name=value` of a Set-Cookie, as a client sends it back. */
export function pairOf(setCookie: string | undefined): string {
  const [pair = ""] = (setCookie ?? "").split(";");
  assert.match(pair, /^[^=]+=./, `a Set-Cookie: ${setCookie}`);
  return pair;
}

/** Returns the Set-Cookie fields of a Response for a cookie name. */
export function cookiesNamed(response: Response, name: string): string[] {
  return response.headers.getSetCookie().filter((cookie) => cookie.startsWith(`${name}=`));
}
