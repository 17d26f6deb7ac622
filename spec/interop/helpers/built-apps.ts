/** Applications built for production: put together, built, served as processes, and walked through without scripts. */

import { equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import { type Process, serve, until } from "./processes.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

/** No framework has anything to tell its makers. */
const PRODUCTION = {
  NODE_ENV: "production",
  CI: "1",
  NO_COLOR: "1",
  DO_NOT_TRACK: "1",
  ASTRO_TELEMETRY_DISABLED: "1",
  NEXT_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  // The programs of node_modules/.bin start other programs by the name of node.
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
};

/** Servers do not stream to robots, which fetch seems to be by its own name. */
const BROWSER =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0";

/** A folder made anew of these, the later ones over the earlier ones. */
export function compose(folder: string, ...parts: readonly string[]): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of parts) cpSync(part, folder, { recursive: true });
  return folder;
}

/** The files of an example that a page does not show as they are, each under its name. */
export function missing(page: string, example: string): string[] {
  const text = readFileSync(join(ROOT, page), "utf8");
  return readdirSync(join(ROOT, example), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "tsconfig.json")
    .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name)))
    .filter((path) => {
      const code = readFileSync(join(ROOT, path), "utf8");
      return !text.includes(`\n\`${path}\`:\n\n\`\`\`${extname(path).slice(1)}\n${code}\`\`\`\n`);
    });
}

/** Runs a program of Node to its end; what it printed is shown where it fails. */
export function run(cwd: string, program: string, ...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...PRODUCTION },
  });
  equal(status, 0, `${program} ${args.join(" ")}\n${stdout}\n${stderr}`);
}

/** A server as a process of its own, and the warnings that it gave. */
export class Site {
  readonly base: string;
  readonly #process: Process;
  #text = "";

  private constructor(base: string, started: Process) {
    this.base = base;
    this.#process = started;
    for (const stream of [started.child.stdout, started.child.stderr]) {
      stream?.on("data", (chunk) => {
        this.#text += chunk;
      });
    }
  }

  /** `args` are told the port, and so is PORT. */
  static async start(
    cwd: string,
    args: readonly string[] | ((port: string) => readonly string[]),
    variables: Record<string, string> = {},
  ): Promise<Site> {
    const env = { ...PRODUCTION, HOST: "127.0.0.1", ...variables };
    const { server, address } = await serve(process.execPath, args, { cwd, env });
    return new Site(address, server);
  }

  get port(): number {
    return Number(new URL(this.base).port);
  }

  /** What it has printed since it was asked to forget. */
  get output(): string {
    return this.#text;
  }

  forget(): void {
    this.#text = "";
  }

  /** Waits until it has printed this. */
  async printed(text: string): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
    }, 20_000);
    await until(() => late || this.#text.includes(text));
    clearTimeout(timer);
    ok(!late, `not printed: ${text}, but ${this.#text}`);
  }

  async end(): Promise<void> {
    await this.#process.end();
  }
}

export interface Answer {
  status: number;
  /** Without the address of the site. */
  location: string | null;
  headers: Headers;
  setCookie: string[];
  html: string;
  /** What stands in `main`, without tags. */
  text: string;
}

export interface Form {
  action: string;
  body: FormData | URLSearchParams;
}

/** Somebody with cookies and without scripts: follows no redirect by itself. */
export class Guest {
  cookies = new Map<string, string>();
  readonly #base: string;

  constructor({ base }: { base: string }, cookies: Iterable<readonly [string, string]> = []) {
    this.#base = base;
    this.cookies = new Map(cookies);
  }

  /** Somebody else with the same cookies. */
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

  /** Fills in the form of a page whose button has this label, and submits it. */
  async submit(page: string, label: string, fields: Record<string, string> = {}): Promise<Answer> {
    const { action, body } = await this.form(page, label, fields);
    return await this.send(action, body);
  }

  /** The form alone, filled in: anybody can send it. */
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

  /** As a user agent does it: the last field of a name counts. */
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
