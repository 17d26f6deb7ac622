/** The visits that every example has to pass, and what its server may write meanwhile. */

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { after, describe, test } from "node:test";
import { type Client, httpClient, Jar, type Reply } from "../../helpers/clients.ts";

/** A server with a session, and its addresses. */
export interface Visited {
  readonly port: number;
  /** The path of each action. */
  readonly paths: Readonly<Record<"home" | "me" | "login" | "note" | "logout", string>>;
  /** The name of the cookie: `__Host-session` by default. */
  readonly name?: string;
  /** A cookie store cannot set Vary and Cache-Control. */
  readonly isStore?: boolean;
  /** Other cookies, which the checks leave out. */
  readonly others?: readonly string[];
}

/** A user agent for the site, which checks every reply. */
export class Visitor {
  readonly jar = new Jar();
  /** How many cookies were set by the last reply. */
  written = 0;
  readonly #site: Visited;
  readonly #client: Client;

  constructor(site: Visited, client = httpClient(`http://127.0.0.1:${site.port}`)) {
    this.#site = site;
    this.#client = client;
  }

  get name(): string {
    return this.#site.name ?? "__Host-session";
  }

  get cookie(): string | undefined {
    return this.jar.cookies.get(this.name);
  }

  set cookie(value: string) {
    this.jar.cookies.set(this.name, value);
  }

  /** Sends a GET, or a POST of a form; calls `onHead` when the head has come. */
  async ask(path: string, form?: Record<string, string>, onHead?: () => void): Promise<Reply> {
    const host = `localhost:${this.#site.port}`;
    const origin = `https://${host}`;
    const headers = {
      ...this.jar.headers,
      host,
      accept: "text/html",
      // The header of a proxy that ends TLS.
      "x-forwarded-proto": "https",
      ...(form && {
        origin,
        "sec-fetch-site": "same-origin",
        "content-type": "application/x-www-form-urlencoded",
      }),
    };
    const asked = form && { method: "POST", body: String(new URLSearchParams(form)) };
    const reply = await this.#client.ask(path, { ...asked, headers, ...(onHead && { onHead }) });
    this.#judge(reply);
    this.jar.keep(reply);
    return reply;
  }

  #judge({ setCookie, headers, status }: Reply): void {
    const { others = [], isStore } = this.#site;
    const own = setCookie.filter((cookie) => !others.includes(cookie.split("=", 1)[0] ?? ""));
    this.written = own.length;
    ok(own.length <= 1, String(own));
    for (const cookie of own) {
      const [pair = "", ...attributes] = cookie.split("; ");
      const [name, value] = pair.split("=");
      equal(name, this.name);
      const given = attributes.map((attribute) => attribute.toLowerCase());
      const kept = given.filter((attribute) => !attribute.startsWith("expires="));
      const age = value === "" ? "0" : String(14 * 24 * 3600);
      const promised = ["httponly", `max-age=${age}`, "path=/", "samesite=lax", "secure"];
      deepEqual(kept.sort(), promised);
    }
    if (isStore) return;
    match(String(headers.vary), /\bcookie\b/i, `Vary, of ${status}`);
    if (this.written > 0) match(String(headers["cache-control"]), /\b(no-store|private)\b/);
  }

  async home(): Promise<{ greeting: string; flash: string | undefined; notes: string[] }> {
    const { status, headers, text } = await this.ask(this.#site.paths.home);
    equal(status, 200);
    if (headers["content-type"]?.includes("application/json")) {
      const { user, visits, flash, notes } = JSON.parse(text);
      return { greeting: `Hello ${user}, visits: ${visits}`, flash, notes };
    }
    // Frameworks put comments between pieces of text.
    const html = text.replaceAll(/<!--.*?-->/g, "");
    const [, greeting = html] = /<h1(?: [^>]*)?>(.*?)<\/h1>/.exec(html) ?? [];
    const [, flash] = /<p[^>]* role="status"[^>]*>(.*?)<\/p>/.exec(html) ?? [];
    const notes = [...html.matchAll(/<li(?: [^>]*)?>(.*?)<\/li>/g)].map(([, note = ""]) => note);
    return { greeting, flash, notes };
  }

  async me(): Promise<unknown> {
    const { status, text } = await this.ask(this.#site.paths.me);
    equal(status, 200);
    return JSON.parse(text);
  }

  /**
   * Asks for a page whose body waits for /go, and asks for /go when the head has come.
   */
  async late(path: string): Promise<Reply> {
    let gone: Promise<Reply> | undefined;
    const reply = await this.ask(path, undefined, () => {
      gone = this.#client.ask("/go", { headers: { host: `localhost:${this.#site.port}` } });
    });
    equal((await gone)?.status, 200);
    return reply;
  }

  async send(what: "login" | "note" | "logout", form: Record<string, string> = {}): Promise<void> {
    const { status, text } = await this.ask(this.#site.paths[what], form);
    equal(status, 303, text);
  }
}

/** The tests of every site, which is started when they run. */
export function walks(title: string, site: () => Visited): void {
  describe(title, () => {
    let client: Client | undefined;
    const visitor = (): Visitor => {
      client ??= httpClient(`http://127.0.0.1:${site().port}`);
      return new Visitor(site(), client);
    };
    after(() => client?.close());

    test("visits are counted, each by one cookie", async () => {
      const tom = visitor();
      for (const visits of [1, 2, 3]) {
        const { greeting } = await tom.home();
        deepEqual([greeting, tom.written], [`Hello stranger, visits: ${visits}`, 1]);
      }
    });

    test("a request that only reads gets no cookie", async () => {
      const tom = visitor();
      deepEqual([await tom.me(), tom.written], [{ user: "stranger", visits: 0 }, 0]);
      await tom.home();
      deepEqual([await tom.me(), tom.written], [{ user: "stranger", visits: 1 }, 0]);
    });

    test("a login begins a new session, and its message is shown once", async () => {
      const tom = visitor();
      await tom.home();
      await tom.home();
      const before = tom.cookie;
      await tom.send("login", { user: "Tom" });
      equal(tom.written, 1);
      notEqual(tom.cookie, before);
      const greeted = await tom.home();
      deepEqual(greeted, { greeting: "Hello Tom, visits: 1", flash: "Welcome.", notes: [] });
      equal((await tom.home()).flash, undefined);
    });

    test("a change inside nested data is saved", async () => {
      const tom = visitor();
      await tom.send("login", { user: "Tom" });
      await tom.send("note", { note: "clay" });
      equal(tom.written, 1);
      await tom.send("note", { note: "reed" });
      equal(tom.written, 1);
      deepEqual((await tom.home()).notes, ["clay", "reed"]);
    });

    test("a logout deletes the cookie, and a copy of it opens nothing", async () => {
      const tom = visitor();
      await tom.send("login", { user: "Tom" });
      const thief = visitor();
      thief.cookie = tom.cookie ?? "";
      deepEqual(await thief.me(), { user: "Tom", visits: 0 });
      await tom.send("logout");
      deepEqual([tom.written, tom.cookie], [1, undefined]);
      deepEqual([await tom.me(), tom.written], [{ user: "stranger", visits: 0 }, 0]);
      deepEqual([await thief.me(), thief.written], [{ user: "stranger", visits: 0 }, 0]);
    });

    test("a bad cookie is an empty session, and is not deleted", async () => {
      const tom = visitor();
      await tom.send("login", { user: "Tom" });
      const good = tom.cookie ?? "";
      for (const bad of [`${good}x`, `x${good}`, good.slice(0, -1), "x", "%", '"x"']) {
        tom.cookie = bad;
        deepEqual([await tom.me(), tom.written], [{ user: "stranger", visits: 0 }, 0], bad);
      }
      tom.cookie = good;
      deepEqual(await tom.me(), { user: "Tom", visits: 0 });
    });

    test("data too large for a cookie are an error, and the session stays as it was", async () => {
      const tom = visitor();
      await tom.send("login", { user: "Tom" });
      const { status } = await tom.ask(site().paths.note, { note: "x".repeat(5000) });
      deepEqual([status, tom.written], [500, 0]);
      await tom.send("note", { note: "clay" });
      const { greeting, notes } = await tom.home();
      deepEqual([greeting, notes], ["Hello Tom, visits: 1", ["clay"]]);
    });
  });
}

/** Tests that a change after the headers is lost, and that `save()` reports it: /late waits for the headers. */
export function late(what: string, site: () => Visited): void {
  test(`a change by ${what} comes too late, and save() reports it`, async () => {
    const tom = new Visitor(site());
    const { text } = await tom.late("/late");
    equal(tom.written, 0);
    match(text, /ERR_SESSION_UNSENT/);
    deepEqual(await tom.me(), { user: "stranger", visits: 0 });
  });
}

/** Tests an answer that counts a visit, and sets the cookie `theme` and, if `field` is given, that field. */
export function besides(
  site: (more: Partial<Visited>) => Visited,
  ask: (tom: Visitor) => Promise<Reply>,
  field?: string,
): void {
  test("cookies and fields of the answer itself go beside the session's cookie", async () => {
    const tom = new Visitor(site({ others: ["theme"] }));
    const { headers } = await ask(tom);
    if (field !== undefined) equal(headers[field], "own");
    deepEqual([...tom.jar.cookies.keys()].sort(), ["__Host-session", "theme"]);
    deepEqual(await tom.me(), { user: "stranger", visits: 1 });
  });
}
