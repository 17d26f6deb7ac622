/** A user agent with its cookies, and the reports of the sessions that it visits. */

import { deepEqual, equal, ok } from "node:assert/strict";
import type { SessionError } from "bulla/session";
import { cookieValue, NAME, unseal } from "../../helpers/session-cookies.ts";
import { type Asked, type Client, Jar, type Reply } from "../helpers/clients.ts";
import { COOKIES, type Gate } from "./routes.ts";

/** The reports of a cell's site. */
export class Heard {
  /** The codes that `onInvalid` heard. */
  readonly invalid: string[] = [];
  /** The errors that `onError` heard. */
  readonly reported: SessionError[] = [];
  /** The errors that reached the framework's error path. */
  readonly errors: unknown[] = [];
}

export class Visitor {
  readonly jar = new Jar();
  readonly #client: Client;
  readonly #gate: Gate;

  constructor(client: Client, gate: Gate) {
    this.#client = client;
    this.#gate = gate;
  }

  /** Another visitor, with copied cookies. */
  copy(): Visitor {
    const copy = new Visitor(this.#client, this.#gate);
    for (const [name, value] of this.jar.cookies) copy.jar.cookies.set(name, value);
    return copy;
  }

  /** A visitor without cookies. */
  stranger(): Visitor {
    return new Visitor(this.#client, this.#gate);
  }

  /** Sends a request, keeps the cookies, and opens the gate when the head is here. */
  async ask(path: string, asked: Asked = {}): Promise<Reply> {
    const onHead = (): void => this.#gate.open();
    const reply = await this.#client.ask(path, { ...asked, headers: this.jar.headers, onHead });
    this.jar.keep(reply);
    return reply;
  }

  async text(path: string): Promise<string> {
    const { status, text } = await this.ask(path);
    equal(status, 200, text);
    return text;
  }

  /** The session's data, as the site sees them. */
  async read(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.text("/text/read")) as Record<string, unknown>;
  }

  /** passport-local also finds its fields in a query. */
  login(way = "redirect", password = "clay"): Promise<Reply> {
    return this.ask(`/${way}/login?username=Tom&password=${password}`, { method: "POST" });
  }

  logout(): Promise<Reply> {
    return this.ask("/redirect/logout", { method: "POST" });
  }
}

/** The data in the session's cookie of a reply, which must be the only one; Passport's own member left out. */
export function written(reply: Reply): Record<string, unknown> {
  const own = reply.setCookie.filter((cookie) => cookie.startsWith(`${NAME}=`));
  equal(own.length, 1, `one cookie of the session: ${reply.setCookie}`);
  const { passport: _, ...data } = unseal("fernet", cookieValue(own[0])).data;
  return data;
}

/** Checks that the application's cookies stand in a reply, each once and in order. */
export function checkCookies({ setCookie }: Reply): void {
  const others = setCookie.filter((cookie) => !cookie.startsWith(`${NAME}=`));
  deepEqual(
    others.map((cookie) => cookie.split(";")[0]),
    [...COOKIES],
  );
}

/** Checks that no session had a part in a reply. */
export function checkUntouched({ status, headers, setCookie }: Reply): void {
  const { vary, "cache-control": cacheControl } = headers;
  deepEqual([status, setCookie, vary, cacheControl], [200, [], undefined, undefined]);
}

export function codes(errors: readonly unknown[]): string[] {
  return [...new Set(errors.map((error) => (error as SessionError).code))];
}

/** Checks that there are errors, and that each is a SessionError of that code and status. */
export function checkErrors(errors: readonly unknown[], code: string, status: number): void {
  ok(errors.length > 0, "an error was heard");
  for (const error of errors) {
    const { name, code: its, status: first, statusCode: second } = error as SessionError;
    deepEqual([name, its, first, second], ["SessionError", code, status, status]);
  }
}

/** Waits for a report: a client can have the whole reply before the server's `finish`. */
export async function soon(reported: readonly unknown[]): Promise<void> {
  for (let tries = 0; tries < 500 && reported.length === 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
