/**
 * Sessions that Node and a Python service share: walks of edits that alternate between the two, and how
 * each treats bad cookies of the other. Python's side is asgi-peer.py.
 */

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type AsgiSessionOptions, asgiSessions } from "bulla/asgi";
import { pythonValue } from "../helpers/asgi-cookies.ts";
import { Generator } from "./generate.ts";
import { Jar } from "./helpers/clients.ts";

type Bag = Record<string, unknown>;
type Type = AsgiSessionOptions["type"];
type Edit = ["set", name: string, value: unknown] | ["delete", name: string] | ["clear"];

interface Answer {
  status: number;
  /** The session as it was opened and as it was left, by Python's names. */
  found: Bag;
  left: Bag;
  setCookie?: string;
  error?: string;
}

/** One of the two services: takes the cookies of a request and the edits of its session. */
type Service = (cookie: string, edits: readonly Edit[]) => Promise<Answer>;

// Debian's own interpreter sees Debian's packages; another python3 on the PATH may not.
const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";
const SCRIPT = fileURLToPath(new URL("asgi-peer.py", import.meta.url));
const NEEDS = `${PYTHON} with PyJWT and cryptography (Debian: python3-jwt, python3-cryptography)`;

let python: ChildProcessWithoutNullStreams;
let answers: AsyncIterator<string>;

before(() => {
  python = spawn(PYTHON, [SCRIPT]);
  python.stderr.pipe(process.stderr);
  answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
});
after(async () => {
  python.stdin.end();
  if (python.exitCode === null) await once(python, "exit");
});

async function askLine(line: string): Promise<Answer> {
  python.stdin.write(`${line}\n`);
  const { done, value } = await answers.next();
  ok(done !== true, `${NEEDS} is needed`);
  return JSON.parse(value) as Answer;
}

function pythonService(type: Type, secret: string): Service {
  return (cookie, edits) =>
    askLine(JSON.stringify({ type, secret: secret === "" ? "unused" : secret, cookie, edits }));
}

/** Names that data cannot have on Node, where they get a "~" in front. */
const RESERVED = /^~*(?:id|isNew|createdAt|expiresAt|regenerate|destroy|save|touch|__proto__)$/;
const onNode = (name: string): string => (RESERVED.test(name) ? `~${name}` : name);
const inPython = (name: string): string => (RESERVED.test(name) ? name.slice(1) : name);

function put(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

function namesOfPython(session: object): Bag {
  const data: Bag = {};
  for (const [name, value] of Object.entries(session)) put(data, inPython(name), value);
  return JSON.parse(JSON.stringify(data)) as Bag;
}

function nodeService(type: Type, secret: string): Service {
  const options = secret === "" ? {} : { secret, allowWeakSecret: true };
  const shared = asgiSessions<Bag>({ type, ...options, onError: () => {} });
  return async (cookie, edits) => {
    const seen: { found: Bag; left: Bag }[] = [];
    const handler = shared.wrap((_request, session) => {
      const found = namesOfPython(session);
      for (const [what, name = "", value] of edits) {
        if (what === "set") put(session, onNode(name), value);
        else if (what === "delete") delete session[onNode(name)];
        else for (const each of Object.keys(session)) delete session[each];
      }
      seen.push({ found, left: namesOfPython(session) });
      return new Response();
    });
    const headers: Record<string, string> = cookie === "" ? {} : { cookie };
    const { status, headers: answered } = await handler(
      new Request("https://example.org/", { headers }),
    );
    const [setCookie] = answered.getSetCookie();
    const [{ found, left } = { found: {}, left: {} }] = seen;
    return { status, found, left, ...(setCookie === undefined ? {} : { setCookie }) };
  };
}

/** Tells if both languages can hold a value: well-formed text, and numbers under 2^53. */
function isPortable(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value === "number") return Math.abs(value) < 2 ** 53;
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([name, item]) => name.isWellFormed() && isPortable(item));
}

/** Tells if an edit writes no cookie: in Python a missing name gives None, and values are compared by `==`. */
function isUnchanged(data: Bag, edit: Edit): boolean {
  if (edit[0] === "clear") return Object.keys(data).length === 0;
  const [, name, value] = edit;
  const old = Object.hasOwn(data, name) ? data[name] : null;
  return edit[0] === "set" ? isEqualInPython(old, value) : !Object.hasOwn(data, name);
}

/** Python's `==`, for which 1 and True are equal. */
function isEqualInPython(a: unknown, b: unknown): boolean {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_name, item: unknown) =>
      typeof item === "boolean"
        ? Number(item)
        : item !== null && typeof item === "object" && !Array.isArray(item)
          ? Object.entries(item).sort(([one], [other]) => (one < other ? -1 : 1))
          : item,
    ) ?? "";
  return text(a) === text(b);
}

/** The length of the data with every character outside ASCII as an escape. */
function lengthInAscii(data: object): number {
  return JSON.stringify(data).replace(/[^\0-\x7f]/g, "\\u0000").length;
}

const NAMES = [
  ..."abcdef",
  ...["user", "id", "save", "~id", "~~touch", "__proto__", "data", "ключ", "0", "7", "", "😀"],
];
/** In a jwt these names are claims, whose types must be right. */
const CLAIMS: readonly [string, (generator: Generator) => unknown][] = [
  ["sub", (generator) => generator.text(5)],
  ["iss", (generator) => generator.text(5)],
  ["jti", (generator) => generator.text(5)],
  ["exp", (generator) => 4_000_000_000 + generator.integer(1000)],
  ["iat", (generator) => generator.integer(1_700_000_000)],
  ["nbf", (generator) => generator.integer(1_700_000_000)],
];

function randomEdit(generator: Generator, data: Bag): Edit {
  const names = Object.keys(data);
  if (lengthInAscii(data) > 1500 || generator.chance(0.02)) return ["clear"];
  if (names.length > 0 && generator.chance(0.25)) return ["delete", generator.pick(names)];
  if (generator.chance(0.1)) {
    const [name, value] = generator.pick(CLAIMS);
    return ["set", name, value(generator)];
  }
  const name = generator.pick(NAMES);
  let value = generator.json(2);
  while (lengthInAscii({ value }) > 800) value = generator.json(1);
  return ["set", name, value];
}

function edited(data: Bag, edit: Edit): Bag {
  const left: Bag = {};
  if (edit[0] === "clear") return left;
  for (const [name, value] of Object.entries(data)) {
    if (edit[0] === "set" || name !== edit[1]) put(left, name, value);
  }
  if (edit[0] === "set") put(left, edit[1], edit[2]);
  return JSON.parse(JSON.stringify(left)) as Bag;
}

const STRONG = (generator: Generator): string =>
  Buffer.from(generator.bytes(24)).toString("base64");
const WEAK = (generator: Generator): string =>
  Buffer.from(generator.bytes(15))
    .toString("hex")
    .slice(0, 1 + generator.integer(30));
const SECRETS: Record<Type, readonly ((generator: Generator) => string)[]> = {
  jwt: [STRONG, STRONG, (generator) => STRONG(generator) + generator.text(20), WEAK],
  fernet: [STRONG, STRONG, STRONG, WEAK],
  base64: [() => "", () => "", () => "", () => ""],
};

describe("300 edits, by turns on Node and in Python", () => {
  for (const [type, secrets] of Object.entries(SECRETS) as [Type, (typeof SECRETS)[Type]][]) {
    for (const [index, secretOf] of secrets.entries()) {
      test(`${type}, walk ${index + 1}`, async () => {
        const generator = new Generator(`asgi ${type} ${index}`);
        const secret = secretOf(generator);
        const node = nodeService(type, secret);
        const peer = pythonService(type, secret);
        const jar = new Jar();
        let data: Bag = {};
        let written = 0;
        for (let step = 0; step < 300; step++) {
          const isNode = step % 2 === index % 2;
          let edit = randomEdit(generator, data);
          // Python can write values that Node refuses; other tests are about them.
          while (!isNode && !isPortable(edit)) edit = randomEdit(generator, data);
          const answer = await (isNode ? node : peer)(jar.headers.cookie ?? "", [edit]);
          const where = `step ${step}: ${JSON.stringify(edit)}`;
          deepEqual(answer.found, data, where);
          const next = edited(data, edit);
          if (isNode && !isPortable(edit)) {
            deepEqual([answer.status, answer.setCookie], [500, undefined], where);
            continue;
          }
          equal(answer.status, 200, where);
          if (answer.setCookie === undefined) ok(isUnchanged(data, edit), where);
          else {
            jar.keep({ setCookie: [answer.setCookie] });
            data = next;
            written++;
          }
        }
        const cookie = jar.headers.cookie ?? "";
        for (const service of [node, peer]) deepEqual((await service(cookie, [])).found, data);
        ok(written > 150, `${written}`);
      });
    }
  }
});

const FERNET = "kZ7rS0mC/9yXw+Qe5TtHu2LbVn41GdPa";
const JWT = "a secret of 32 bytes or more, as text";
const KINDS: readonly (readonly [Type, string])[] = [
  ["fernet", FERNET],
  ["jwt", JWT],
  ["base64", ""],
];

const now = (): number => Math.floor(Date.now() / 1000);

describe("both see the same user", () => {
  for (const [type, secret] of KINDS) {
    test(`${type}: when there are several cookies`, async () => {
      const value = (user: string) =>
        `session=${pythonValue(type, JSON.stringify({ user }), { secret, at: now() })}`;
      const rows = [
        [value("tom"), value("ann")],
        [value("ann"), value("tom")],
        [value("tom"), "session=bad"],
        ["session=bad", value("tom")],
        [value("tom"), "session="],
        ["a=b", value("tom"), "xsession=1", " session2=1"],
      ];
      for (const cookies of rows) {
        const header = cookies.join("; ");
        const { found: inNode } = await nodeService(type, secret)(header, []);
        const { found, status } = await pythonService(type, secret)(header, []);
        deepEqual([status, inNode], [200, found], header);
      }
    });

    test(`${type}: after a logout in one of them`, async () => {
      const node = nodeService(type, secret);
      const peer = pythonService(type, secret);
      for (const [login, logout] of [
        [node, peer],
        [peer, node],
      ] as const) {
        const jar = new Jar();
        for (const [service, edit] of [
          [login, ["set", "user", "tom"]],
          [logout, ["delete", "user"]],
        ] as const) {
          const { setCookie } = await service(jar.headers.cookie ?? "", [edit as Edit]);
          ok(setCookie !== undefined);
          jar.keep({ setCookie: [setCookie] });
        }
        for (const service of [node, peer]) {
          deepEqual((await service(jar.headers.cookie ?? "", [])).found, {});
        }
      }
    });
  }
});

describe("Node refuses to write data that would be a status 500 in Python", () => {
  const rows: [type: Type, data: Bag, error: string][] = [
    ["jwt", { aud: "me" }, "InvalidAudienceError"],
    ["jwt", { exp: now() - 5 }, "ExpiredSignatureError"],
    ["jwt", { nbf: now() + 600 }, "ImmatureSignatureError"],
    ["jwt", { iat: now() + 600 }, "ImmatureSignatureError"],
    ["jwt", { iat: "now" }, "InvalidIssuedAtError"],
  ];
  for (const [type, data, error] of rows) {
    test(`${type}: ${Object.keys(data)} ${JSON.stringify(Object.values(data)[0]).slice(0, 6)}`, async () => {
      const forged = `session=${pythonValue(type, JSON.stringify(data), { secret: JWT })}`;
      const answer = await pythonService(type, JWT)(forged, []);
      deepEqual([answer.status, answer.error], [500, error]);
      const [[name, value] = ["", null]] = Object.entries(data);
      const { status, setCookie } = await nodeService(type, JWT)("", [["set", name, value]]);
      deepEqual([status, setCookie], [500, undefined]);
    });
  }

  test("lone surrogates: Python opens them, and cannot write them", async () => {
    for (const [type, secret] of KINDS) {
      const forged = `session=${pythonValue(type, '{"a":"\\ud800"}', { secret })}`;
      const answer = await pythonService(type, secret)(forged, [["set", "b", 1]]);
      if (type === "jwt") equal(answer.status, 200);
      else deepEqual([answer.status, answer.error], [500, "UnicodeEncodeError"]);
      const { status, setCookie } = await nodeService(type, secret)("", [["set", "a", "\ud800"]]);
      deepEqual([status, setCookie], [500, undefined]);
    }
  });

  test("data with too many levels", async () => {
    const levels = (count: number): unknown => (count === 0 ? [] : [levels(count - 1)]);
    for (const [type, secret] of KINDS) {
      const refused = await nodeService(type, secret)("", [["set", "a", levels(1100)]]);
      deepEqual([refused.status, refused.setCookie], [500, undefined]);
      const { setCookie } = await nodeService(type, secret)("", [["set", "a", levels(197)]]);
      const [pair = ""] = setCookie?.split(";") ?? [];
      equal((await pythonService(type, secret)(pair, [["set", "b", 1]])).status, 200);
    }
  });

  test("a fernet secret that ConfigError refuses", async () => {
    for (const secret of [`${FERNET}x`, `${FERNET.slice(1)}é`, "sécurité"]) {
      equal((await pythonService("fernet", secret)("", [])).error, "ValueError");
    }
  });
});

describe("Node answers 200 to all that Python writes", () => {
  const rows: [type: Type, what: string, value: string][] = [
    ...KINDS.flatMap(([type]): [Type, string, string][] => [
      [type, "a long integer", "1152921504606846977"],
      [type, "a float beyond 2^53", "1e300"],
      [type, "NaN", "NaN"],
      [type, "Infinity", "Infinity"],
      [type, "many levels", `${"[".repeat(400)}${"]".repeat(400)}`],
    ]),
    ["jwt", "a lone surrogate", '"\\ud800"'],
  ];
  for (const [type, what, value] of rows) {
    test(`${type}: ${what} makes a stranger`, async () => {
      const secret = KINDS.find(([kind]) => kind === type)?.[1] ?? "";
      const given = JSON.stringify({ type, secret: secret || "unused", cookie: "" });
      const line = `${given.slice(0, -1)},"edits":[["set","a",${value}]]}`;
      const pair = await pairFrom(line);
      const { status, found, setCookie } = await nodeService(type, secret)(pair, []);
      deepEqual([status, found, setCookie], [200, {}, undefined]);
    });
  }

  for (const claim of ['"sub",7', '"aud","me"', '"exp",1', '"nbf",32503680000', '"jti",[]']) {
    test(`jwt: the claim ${claim} makes a stranger`, async () => {
      const given = JSON.stringify({ type: "jwt", secret: JWT, cookie: "" });
      const pair = await pairFrom(`${given.slice(0, -1)},"edits":[["set",${claim}]]}`);
      const { status, found } = await nodeService("jwt", JWT)(pair, []);
      deepEqual([status, found], [200, {}]);
    });
  }

  /** The cookie that Python writes. Its answer can have values that are not JSON, such as NaN. */
  async function pairFrom(line: string): Promise<string> {
    python.stdin.write(`${line}\n`);
    const { value } = await answers.next();
    const [, pair = ""] = /"setCookie": "(session=[^;]+);/.exec(String(value)) ?? [];
    notEqual(pair, "", String(value));
    return pair;
  }
});

test("Node reads Python's text and times correctly", async () => {
  const made = await pythonService("fernet", FERNET)("", [["set", "user", "Jürgen"]]);
  match(made.setCookie ?? "", /^session=[\w-]+={0,2}; Max-Age=1209600; Path=\/; SameSite=lax$/);
  const [pair = ""] = made.setCookie?.split(";") ?? [];
  const { createdAt, expiresAt } = asgiSessions({ type: "fernet", secret: FERNET }).read(pair);
  ok(Math.abs(createdAt - Date.now() / 1000) < 60);
  equal(expiresAt - createdAt, 1209600);
});
