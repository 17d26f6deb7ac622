/** A visitor of built applications without scripts: keeps cookies, reads pages, and submits their forms. */

import { ok } from "node:assert/strict";

/** A browser's name: servers take fetch's own name for a robot's, and do not stream to robots. */
const BROWSER =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0";

export interface Answer {
  status: number;
  /** Without the address of the site. */
  location: string | null;
  headers: Headers;
  setCookie: string[];
  html: string;
  /** The text of `main`, without tags. */
  text: string;
}

export interface Form {
  action: string;
  body: FormData | URLSearchParams;
}

/** The names of the cookies that an answer sets. */
export function sets({ setCookie }: Answer): string[] {
  return setCookie.map((field) => field.split("=", 1)[0] ?? "");
}

/** A visitor with cookies and without scripts, who follows no redirect by itself. */
export class Guest {
  cookies = new Map<string, string>();
  readonly #base: string;

  constructor({ base }: { base: string }, cookies: Iterable<readonly [string, string]> = []) {
    this.#base = base;
    this.cookies = new Map(cookies);
  }

  /** Another visitor with the same cookies. */
  copy(): Guest {
    return new Guest({ base: this.#base }, this.cookies);
  }

  async ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = new Headers(init.headers);
    headers.set("User-Agent", BROWSER);
    const cookie = [...this.cookies].map((pair) => pair.join("=")).join("; ");
    if (cookie !== "") headers.set("Cookie", cookie);
    const url = new URL(path, this.#base);
    const response = await fetch(url, { redirect: "manual", ...init, headers });
    const setCookie = response.headers.getSetCookie();
    for (const field of setCookie) this.#keep(field);
    const html = await response.text();
    const location = response.headers.get("Location")?.replace(this.#base, "") ?? null;
    const { status } = response;
    return { status, location, headers: response.headers, setCookie, html, text: textOf(html) };
  }

  /** Fills in and submits the form whose button has this label. */
  async submit(page: string, label: string, fields: Record<string, string> = {}): Promise<Answer> {
    const { action, body } = await this.form(page, label, fields);
    return await this.send(action, body);
  }

  /** The filled-in form alone, which anybody can send. */
  async form(page: string, label: string, fields: Record<string, string> = {}): Promise<Form> {
    const { html } = await this.ask(page);
    const forms = html.match(/<form\b.*?<\/form>/gs) ?? [];
    const form = forms.find((text) => text.includes(`>${label}</button>`));
    ok(form !== undefined, `no form with a button ${label} at ${page}: ${html}`);
    const [start = ""] = /^<form[^>]*>/.exec(form) ?? [];
    const multipart = attribute(start, "enctype") === "multipart/form-data";
    const body = multipart ? new FormData() : new URLSearchParams();
    for (const [input] of form.matchAll(/<(?:input|button)\b[^>]*>/g)) {
      const name = attribute(input, "name");
      if (name !== "") body.set(name, fields[name] ?? attribute(input, "value"));
    }
    return { action: attribute(start, "action") || page, body };
  }

  async send(action: string, body: Form["body"]): Promise<Answer> {
    return await this.ask(action, { method: "POST", body, headers: { Origin: this.#base } });
  }

  /** Keeps a cookie as user agents do: the last field of a name counts. */
  #keep(field: string): void {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(field) ?? [];
    if (/; Max-Age=0(;|$)/i.test(field)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

function attribute(tag: string, name: string): string {
  const found = new RegExp(` ${name}="([^"]*)"`, "i").exec(tag)?.[1] ?? "";
  return found.replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

function textOf(html: string): string {
  const [, main = html] = /<main\b[^>]*>(.*?)<\/main>/s.exec(html) ?? [];
  const spaced = main.replace(/<!--.*?-->/gs, "").replace(/<[^>]*>/g, " ");
  return spaced.replace(/\s+/g, " ").trim();
}
