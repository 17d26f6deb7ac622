/**
 * `examples/migrate/` opens cookies of other libraries, both published ones and new ones of the libraries themselves.
 * Users keep their sessions over the switch, on Express and with `wrap`.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, describe, mock, type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { deflateSync } from "node:zlib";
import { memoryRevocation, type Session, sessions } from "bulla/session";
import cookieSession from "cookie-session";
import { getIronSession, type SessionOptions as IronOptions } from "iron-session";
import { SignJWT } from "jose";
import jsonwebtoken from "jsonwebtoken";
import Koa from "koa";
import { aiohttpSession } from "../../examples/migrate/aiohttp-session.ts";
import { cookieSession as openCookieSession } from "../../examples/migrate/cookie-session.ts";
import { flask } from "../../examples/migrate/flask.ts";
import { ironSession } from "../../examples/migrate/iron-session.ts";
import { jwtCookie } from "../../examples/migrate/jwt.ts";
import { migrate, type Opener, type Switch } from "../../examples/migrate/migrate.ts";
import { starlette } from "../../examples/migrate/starlette.ts";
import { type Client, fetchClient, httpClient, type Reply } from "./helpers/clients.ts";
import { start } from "./helpers/programs.ts";

type Bag = Record<string, unknown>;

const HERE = import.meta.dirname;
const EXAMPLES = resolve(HERE, "../../examples/migrate");
const DAY = 24 * 3600;
const NOW = Math.floor(Date.now() / 1000);

// biome-ignore lint/suspicious/noExplicitAny: the options are data
const OPENERS: Record<string, (options: any) => Opener> = {
  ironSession,
  cookieSession: openCookieSession,
  starlette,
  flask,
  aiohttpSession,
  jwtCookie,
};

interface Published {
  name: string;
  source: string;
  section: string;
  opener: string;
  options: object;
  cookies: Record<string, string>;
  now?: number;
  /** The data; null if the cookies belong to a stranger. */
  out: object | null;
  refused?: string;
}

const FILE = new URL("../../vectors/migrate/cookies.json", import.meta.url);
const PUBLISHED = JSON.parse(readFileSync(FILE, "utf8")) as Published[];

const headerOf = (cookies: Record<string, string>): string =>
  Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join("; ");

describe("published cookies", () => {
  for (const { name, source, section, opener, options, cookies, now, out } of PUBLISHED) {
    test(`${source} ${section}: ${name}`, () => {
      const { open, names } = OPENERS[opener]?.(options) ?? {};
      ok(open !== undefined);
      for (const sent of Object.keys(cookies)) ok(names?.includes(sent));
      const header = headerOf(cookies);
      const data = open(header, now);
      if (out === null) equal(data, undefined);
      else {
        deepEqual({ ...data }, out);
        // Beside other cookies, and in quotes, as some browsers and proxies send them.
        deepEqual({ ...open(`a=b; ${header}; c="d"`, now) }, out);
        deepEqual({ ...open(header.replace(/=([^;]+)/g, '="$1"'), now) }, out);
        equal(open(`x${header.replaceAll("; ", "; x")}`, now), undefined);
      }
      equal(open("", now), undefined);
    });
  }

  test("each source has good and bad ones", () => {
    for (const source of new Set(PUBLISHED.map((one) => one.source))) {
      const cases = PUBLISHED.filter((one) => one.source === source);
      ok(cases.some(({ out }) => out !== null) && cases.some(({ out }) => out === null), source);
    }
  });
});

/** Makes the Set-Cookie fields of a library for these data at that time. */
type Make = (data: Record<string, unknown>, at: number) => Promise<string[]>;

interface Library {
  make: Make;
  /** The opener for its cookies: a module beside old.ts, the function and its options. */
  opener: readonly [module: string, name: string, options: object];
  /** The path and domain of its cookies. */
  attributes: { path: string; domain?: string };
  /** How long a cookie is good; undefined if the cookie does not say. */
  seconds: number | undefined;
}

/** Runs a library at another time. */
async function atTime<T>(seconds: number, run: () => Promise<T>): Promise<T> {
  mock.timers.enable({ apis: ["Date"], now: seconds * 1000 });
  try {
    return await run();
  } finally {
    mock.timers.reset();
  }
}

const PASSWORD = "complex_password_at_least_32_characters_long";
const SECRET = "a home-made secret of 32 bytes or more, as text";
const DOMAIN = "example.org";

type GetIronSession = (
  request: Request,
  response: Response,
  options: IronOptions,
) => Promise<{ save(): Promise<void> } & Record<string, unknown>>;

function iron(get: () => Promise<GetIronSession>, options: Partial<IronOptions> = {}): Make {
  return (data, at) =>
    atTime(at, async () => {
      const response = new Response();
      const session = await (await get())(new Request("https://example.org/"), response, {
        cookieName: "my-session",
        password: PASSWORD,
        cookieOptions: { domain: DOMAIN, path: "/app" },
        ...options,
      });
      Object.assign(session, data);
      await session.save();
      return response.headers.getSetCookie();
    });
}

/** A module of the packages that only this spec needs. */
function installed(module: string): Promise<unknown> {
  return import(pathToFileURL(join(HERE, "apps/migrate/node_modules", module)).href);
}

const iron8 = async (): Promise<GetIronSession> => {
  const module = (await installed("iron-session/dist/index.js")) as {
    getIronSession: GetIronSession;
  };
  return module.getIronSession;
};
const iron9 = async (): Promise<GetIronSession> => getIronSession as unknown as GetIronSession;
const ironOptions = { cookieName: "my-session", password: PASSWORD };

const cookieSessionOf: Make = (data) => {
  const middleware = cookieSession({ keys: ["a key"], domain: DOMAIN, path: "/app" });
  return firstAnswer((req, res) => {
    middleware(req as never, res as never, () => {
      Object.assign((req as unknown as { session: object }).session, data);
      res.end();
    });
  });
};

const koaSession: Make = async (data, at) => {
  const { createSession } = (await installed("koa-session/dist/esm/index.js")) as {
    createSession: (options: object, app: Koa) => Koa.Middleware;
  };
  const app = new Koa();
  app.keys = ["a key"];
  app.use(createSession({ maxAge: 14 * DAY * 1000, domain: DOMAIN, path: "/app" }, app));
  app.use((context) => {
    Object.assign((context as unknown as { session: object }).session, data);
    context.body = "done";
  });
  return atTime(at, () => firstAnswer(app.callback()));
};

async function firstAnswer(handler: RequestListener): Promise<string[]> {
  const server = createServer(handler).listen(0);
  const { port } = server.address() as { port: number };
  const client = httpClient(`http://localhost:${port}`);
  try {
    return (await client.ask("/")).setCookie;
  } finally {
    client.close();
    server.close();
  }
}

const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";
const NEEDS =
  "Debian's python3-itsdangerous, python3-starlette, python3-flask and python3-aiohttp-session";

function python(library: string, options: object): Make {
  return async (data, at) => {
    const input = JSON.stringify({ library, options, data, at });
    const script = join(HERE, "migrate-peer.py");
    const { status, stdout, stderr } = spawnSync(PYTHON, [script], { input, encoding: "utf8" });
    equal(status, 0, `${PYTHON} with ${NEEDS} is needed\n${stderr}`);
    return JSON.parse(stdout) as string[];
  };
}

const token = (value: string): string[] => [`token=${value}; Path=/app; Domain=${DOMAIN}`];
const FERNET_KEY = "VGhpcnR5ICB0d28gIGxlbmd0aCAgYnl0ZXMgIGtleS4=";
const elsewhere = { path: "/app", domain: DOMAIN };

const LIBRARIES: Record<string, Library> = {
  "iron-session 8": {
    make: iron(iron8),
    opener: ["iron-session.ts", "ironSession", ironOptions],
    attributes: elsewhere,
    seconds: 14 * DAY + 60,
  },
  "iron-session 9": {
    make: iron(iron9),
    opener: ["iron-session.ts", "ironSession", ironOptions],
    attributes: elsewhere,
    seconds: 14 * DAY + 60,
  },
  "iron-session 9, split": {
    make: (data, at) => iron(iron9, { chunk: true })({ ...data, long: "x".repeat(6000) }, at),
    opener: ["iron-session.ts", "ironSession", ironOptions],
    attributes: elsewhere,
    seconds: 14 * DAY + 60,
  },
  "cookie-session": {
    make: cookieSessionOf,
    opener: ["cookie-session.ts", "cookieSession", { keys: ["a new key", "a key"] }],
    attributes: elsewhere,
    seconds: undefined,
  },
  "koa-session": {
    make: koaSession,
    opener: ["cookie-session.ts", "cookieSession", { name: "koa.sess", keys: ["a key"] }],
    attributes: elsewhere,
    seconds: 14 * DAY,
  },
  Starlette: {
    make: python("starlette", { secret_key: "starlette secret", path: "/app" }),
    opener: ["starlette.ts", "starlette", { secret_key: "starlette secret" }],
    attributes: { path: "/app" },
    seconds: 14 * DAY,
  },
  Flask: {
    make: python("flask", {
      SECRET_KEY: "flask secret",
      SERVER_NAME: DOMAIN,
      SESSION_COOKIE_DOMAIN: DOMAIN,
      SESSION_COOKIE_PATH: "/app",
    }),
    opener: ["flask.ts", "flask", { SECRET_KEY: "flask secret" }],
    attributes: elsewhere,
    seconds: 31 * DAY,
  },
  "Flask, compressed": {
    make: (data, at) =>
      python("flask", {
        SECRET_KEY: "flask secret",
        SERVER_NAME: DOMAIN,
        SESSION_COOKIE_DOMAIN: DOMAIN,
        SESSION_COOKIE_PATH: "/app",
      })({ ...data, long: "x".repeat(3000), tuple: [1, { a: 2 }] }, at),
    opener: ["flask.ts", "flask", { SECRET_KEY: "flask secret" }],
    attributes: elsewhere,
    seconds: 31 * DAY,
  },
  "aiohttp-session": {
    make: python("aiohttp-session", { secret_key: FERNET_KEY, max_age: 14 * DAY, ...elsewhere }),
    opener: ["aiohttp-session.ts", "aiohttpSession", { secret_key: FERNET_KEY, max_age: 14 * DAY }],
    attributes: elsewhere,
    seconds: 14 * DAY,
  },
  jose: {
    make: async (data, at) => {
      const jwt = new SignJWT(data)
        .setProtectedHeader({ alg: "HS256" })
        .setExpirationTime(at + DAY);
      return token(await jwt.sign(new TextEncoder().encode(SECRET)));
    },
    opener: ["jwt.ts", "jwtCookie", { name: "token", keys: SECRET }],
    attributes: elsewhere,
    seconds: DAY,
  },
  jsonwebtoken: {
    make: async (data, at) =>
      token(jsonwebtoken.sign({ ...data, iat: at }, SECRET, { expiresIn: DAY })),
    opener: ["jwt.ts", "jwtCookie", { name: "token", keys: SECRET }],
    attributes: elsewhere,
    seconds: DAY,
  },
};

/** The cookies of a browser, which are told apart by name, Domain and Path. */
class Browser {
  readonly #cookies = new Map<string, string>();

  keep(setCookie: readonly string[]): void {
    for (const cookie of setCookie) {
      const [, pair = "", name = ""] = /^(([^=]+)=[^;]*)/.exec(cookie) ?? [];
      const [, domain = ""] = /; *domain=([^;]*)/i.exec(cookie) ?? [];
      const [, path = ""] = /; *path=([^;]*)/i.exec(cookie) ?? [];
      const key = [name, domain, path].join(" ");
      if (/; *max-age=0(?:;|$)/i.test(cookie)) this.#cookies.delete(key);
      else this.#cookies.set(key, pair);
    }
  }

  get header(): string {
    return [...this.#cookies.values()].join("; ");
  }

  async ask(client: Client, path = "/", method = "GET"): Promise<Reply> {
    const cookie = this.header;
    const reply = await client.ask(path, { method, headers: cookie === "" ? {} : { cookie } });
    this.keep(reply.setCookie);
    return reply;
  }
}

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** Copies the examples to a folder, with an old.ts for this library and this end. */
function folderFor(
  { opener: [module, name, options], attributes }: Library,
  until: number,
): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "bulla-migrate-")));
  folders.push(folder);
  cpSync(EXAMPLES, folder, { recursive: true });
  symlinkSync(join(HERE, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const text = readFileSync(join(EXAMPLES, "old.ts"), "utf8")
    .replace(/^import \{ ironSession \} .*$/m, `import { ${name} } from "./${module}";`)
    .replace(/old: ironSession\(.*\),$/m, `old: ${name}(${JSON.stringify(options)}),`)
    .replace('attributes: { path: "/" }', `attributes: ${JSON.stringify(attributes)}`)
    .replace(/until: .*,$/m, `until: ${until * 1000},`);
  match(text, new RegExp(`${name}\\(\\{[^]*until: ${until}000`));
  writeFileSync(join(folder, "old.ts"), text);
  return folder;
}

type Reach = (t: TestContext, library: Library, until?: number) => Promise<Client>;

const LATER = NOW + 400 * DAY;
const FLOWS: Record<string, Reach> = {
  Express: async (t, library, until = LATER) => {
    const client = httpClient(await start(t, folderFor(library, until), "express.ts"));
    t.after(() => client.close());
    return client;
  },
  wrap: async (_t, library, until = LATER) => {
    const url = pathToFileURL(join(folderFor(library, until), "fetch.ts")).href;
    const { default: app } = (await import(url)) as { default: { fetch: Handler } };
    return fetchClient(app.fetch);
  },
};
type Handler = Parameters<typeof fetchClient>[0];

/** Copies of these cookies with one character changed, at several places of each cookie of the session. */
function* tampered(header: string): Generator<string> {
  for (const [, name = "", value = ""] of header.matchAll(/([^;=\s]+)=([^;]*)/g)) {
    const places = [...value.matchAll(/[\w-](?=[\w-]{2})/g)].map(({ index }) => index);
    for (const part of [0, 0.3, 0.6, 0.95]) {
      const at = places[Math.floor(places.length * part)] as number;
      const other = value[at] === "A" ? "B" : "A";
      const changed = value.slice(0, at) + other + value.slice(at + 1);
      yield header.replace(`${name}=${value}`, `${name}=${changed}`);
    }
  }
}

for (const [flow, reach] of Object.entries(FLOWS)) {
  describe(`the switch, ${flow}`, () => {
    for (const [name, library] of Object.entries(LIBRARIES)) {
      test(`${name}: a user stays logged in until the logout`, async (t) => {
        const client = await reach(t, library);
        const browser = new Browser();
        browser.keep(await library.make({ user: "tom", role: "admin" }, NOW - 3600));
        const old = browser.header;
        const first = await browser.ask(client);
        equal(first.text, "Hello tom\n");
        match(browser.header, /^sid=[\w.-]+$/, "the old cookies are gone");
        const second = await browser.ask(client);
        deepEqual([second.text, second.setCookie], ["Hello tom\n", []]);
        equal((await browser.ask(client, "/logout", "POST")).status, 303);
        equal(browser.header, "");
        equal((await browser.ask(client)).text, "Hello stranger\n");

        // After a logout in the first request after the switch, the old cookie does not log in again.
        const other = new Browser();
        other.keep(await library.make({ user: "ann" }, NOW - 3600));
        await other.ask(client, "/logout", "POST");
        equal(other.header, "");

        // Where there is a cookie of the new kind, good or not, the old one does not count.
        for (const sid of ["bad", ""]) {
          const { text, setCookie } = await client.ask("/", {
            headers: { cookie: `sid=${sid}; ${old}` },
          });
          equal(text, "Hello stranger\n");
          ok(setCookie.length > 0 && setCookie.every((cookie) => cookie.includes("Max-Age=0")));
        }

        const { seconds } = library;
        if (seconds !== undefined) {
          for (const [at, user] of [
            [NOW - seconds + 60, "tom"],
            [NOW - seconds - 60, "stranger"],
          ] as const) {
            const late = new Browser();
            late.keep(await library.make({ user: "tom" }, at));
            equal((await late.ask(client)).text, `Hello ${user}\n`, `${NOW - at}`);
            equal(late.header === "", user === "stranger");
          }
        }

        let changed = 0;
        for (const cookie of tampered(old)) {
          const { text } = await client.ask("/", { headers: { cookie } });
          equal(text, "Hello stranger\n", cookie);
          changed++;
        }
        ok(changed >= 4);
      });
    }

    test("after the end no session is taken over, and old cookies are still deleted", async (t) => {
      const library = LIBRARIES["iron-session 9"] as Library;
      const client = await reach(t, library, NOW - 1);
      const browser = new Browser();
      browser.keep(await library.make({ user: "tom" }, NOW - 3600));
      equal((await browser.ask(client)).text, "Hello stranger\n");
      equal(browser.header, "");
    });

    test("only the chosen data are taken", async (t) => {
      const library = LIBRARIES["cookie-session"] as Library;
      const client = await reach(t, library);
      for (const user of [7, null, { name: "tom" }, ["tom"]]) {
        const browser = new Browser();
        browser.keep(await library.make({ user, id: 1, save: 2 }, NOW));
        equal((await browser.ask(client)).text, "Hello stranger\n");
      }
    });
  });
}

test("after a logout, copies of both cookies do not bring the old session back", async () => {
  const revocation = memoryRevocation();
  const visitors = sessions<Bag>({ secret: SECRET, revocation, cookie: { name: "sid" } });
  const library = LIBRARIES.jose as Library;
  const service: Switch = {
    old: jwtCookie({ name: "token", keys: SECRET }),
    attributes: library.attributes,
    until: LATER * 1000,
    name: "sid",
    take: ({ user }, session) => void Object.assign(session, { user }),
  };
  const ask = async (cookie: string, logout = false): Promise<[unknown, string[]]> => {
    let user: unknown;
    const handler = visitors.wrap(async (request, session) => {
      migrate(service, request.headers.get("Cookie") ?? "", session as Session);
      user = session.user;
      if (logout) await session.destroy();
      return new Response();
    });
    const { headers } = await handler(new Request("https://x.org/", { headers: { cookie } }));
    return [user, headers.getSetCookie()];
  };
  const [pair = ""] = (await library.make({ user: "tom" }, NOW))[0]?.split(";") ?? [];
  const [user, [setCookie = ""]] = await ask(pair);
  equal(user, "tom");
  const [sid = ""] = setCookie.split(";");
  equal((await ask(`${sid}; ${pair}`))[0], "tom");
  await ask(sid, true);
  equal((await ask(`${sid}; ${pair}`))[0], undefined);
  equal((await ask(sid))[0], undefined);
});

describe("openers", () => {
  test("Flask: a cookie that inflates to megabytes is refused at a limit", () => {
    const key = createHmac("sha1", "flask secret").update("cookie-session").digest();
    const { open } = flask({ SECRET_KEY: "flask secret" });
    const signed = (length: number): string => {
      const json = Buffer.from(JSON.stringify({ a: "x".repeat(length) }));
      const time = Buffer.alloc(4);
      time.writeUInt32BE(NOW);
      const input = `.${deflateSync(json).toString("base64url")}.${time.toString("base64url")}`;
      return `session=${input}.${createHmac("sha1", key).update(input).digest("base64url")}`;
    };
    equal((open(signed(60_000), NOW) as { a: string } | undefined)?.a.length, 60_000);
    equal(open(signed(100_000), NOW), undefined);
    equal(open(signed(2_000_000), NOW), undefined);
  });

  test("garbage is a stranger's cookie, and never an error", () => {
    const options: Record<string, object> = Object.fromEntries(
      Object.values(LIBRARIES).map(({ opener: [, name, given] }) => [name, given]),
    );
    const garbage = [
      ...["", "=", ".", "..", "...", "a.b.c", "*", "*******", "~2", "%", "{}", "e30", "e30="],
      `Fe26.2*1*${"0".repeat(64)}*${"A".repeat(22)}*AA*1*${"0".repeat(64)}*${"A".repeat(43)}~2`,
      `Fe26.2*__proto__*${"0".repeat(64)}*${"A".repeat(22)}*AA**${"0".repeat(64)}*${"A".repeat(43)}~2`,
      `.eJy.${"A".repeat(6)}.${"A".repeat(27)}`,
      "x".repeat(8000),
      "gAAAAA==",
    ];
    for (const [name, opener] of Object.entries(OPENERS)) {
      const { open, names } = opener(options[name]);
      for (const value of garbage) {
        for (const header of [
          headerOf(Object.fromEntries(names.map((one) => [one, value]))),
          value,
        ]) {
          equal(open(header), undefined, `${name}: ${header}`);
        }
      }
    }
  });

  test("the example compiles with every opener", () => {
    const folder = folderFor(LIBRARIES.jose as Library, LATER);
    const tsconfig = {
      extends: join(HERE, "tsconfig.json"),
      compilerOptions: { rootDir: "/", typeRoots: [join(HERE, "node_modules/@types")] },
      include: ["*.ts"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
    const compiler = join(HERE, "node_modules/typescript/bin/tsc");
    const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", folder], {
      encoding: "utf8",
    });
    deepEqual({ status, stdout }, { status: 0, stdout: "" });
  });
});
