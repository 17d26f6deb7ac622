/** The rows of the table about a response: its head, changes that come too late for it, and errors. */

import { deepEqual, equal, match } from "node:assert/strict";
import { CLEARING } from "../../helpers/session-cookies.ts";
import { List, SlowList } from "../../helpers/session-revocation.ts";
import { CACHED, type Way } from "./routes.ts";
import type { Cell, Row } from "./rows.ts";
import { checkCookies, checkErrors, checkUntouched, codes, soon, written } from "./visitor.ts";

const DOWN = new Error("the list is down");

/** A seal that counts its calls. */
class Counting {
  calls = 0;
  seal(payload: string): string {
    this.calls++;
    return Buffer.from(payload).toString("base64url");
  }
  open(): { code: string } {
    this.calls++;
    return { code: "ERR_TOKEN_INVALID" };
  }
}

export const HEAD_ROWS: Record<string, Row> = {
  "oversized session": { check: oversized },
  "early headers": { check: early },
  "streaming body": { check: streaming },
  "redirect with the cookie": { check: redirect },
  "revocation list fails: 503": { options: () => ({ revocation: new SlowList() }), check: failing },
  "revocation list fails at once: 503": {
    options: () => ({ revocation: new List() }),
    check: failing,
  },
  "untouched application": { options: () => ({ seal: new Counting() }), check: untouched },
  "own Cache-Control and Vary": { check: cached },
  ...cookiesBy("setHeader", "appendHeader", "object", "flat", "pairs", "cookie"),
};

/** Data too large: 500 and a typed error, no session cookie, and the cookie before it still works. */
async function oversized({ visitor, heard }: Cell): Promise<void> {
  await visitor.text("/text/visit");
  const ways: Way[] = ["text", "stream", "redirect", "cached", "cookie", "setHeader", "object"];
  for (const way of ways) {
    const { status, setCookie, headers } = await visitor.ask(`/${way}/inflate`);
    deepEqual([status, headers["cache-control"]], [500, "no-store"], way);
    deepEqual(
      setCookie.filter((cookie) => !/^(app|more)=/.test(cookie)),
      [],
    );
    checkErrors(heard.reported.splice(0), "ERR_SESSION_TOO_LARGE", 500);
    deepEqual(heard.errors, []);
  }
  const { status, setCookie } = await visitor.ask("/text/save");
  deepEqual([status, setCookie], [500, []]);
  checkErrors(heard.errors, "ERR_SESSION_TOO_LARGE", 500);
  equal(await visitor.text("/text/visit"), "Hello stranger, visits: 2");
}

/** A change before the head is written; a change after it is not, and is reported. */
async function early({ visitor, heard, fetches }: Cell): Promise<void> {
  for (const [visits, way] of [
    [1, "writeHead"],
    [2, "flushHeaders"],
  ] as const) {
    const reply = await visitor.ask(`/${way}/visit`);
    deepEqual([reply.status, reply.text], [200, "early, ERR_SESSION_UNSENT"]);
    deepEqual(written(reply), { visits });
    deepEqual([reply.headers.vary, reply.headers["cache-control"]], ["Cookie", "no-store"]);
    // A Response does not report when it has been sent.
    if (!fetches) await soon(heard.reported);
    deepEqual(codes(heard.reported.splice(0)), fetches ? [] : ["ERR_SESSION_UNSENT"]);
  }
  equal((await visitor.read()).late, undefined);
}

/** The client has the cookie before the rest of the body is made. */
async function streaming({ visitor, heard }: Cell): Promise<void> {
  const reply = await visitor.ask("/stream/visit");
  deepEqual([reply.status, reply.text], [200, "Hello stranger, visits: 1"]);
  deepEqual(written(reply), { visits: 1 });
  equal((await visitor.read()).visits, 1);
  deepEqual([heard.reported, heard.errors], [[], []]);
}

async function redirect({ visitor }: Cell): Promise<void> {
  const { status, headers, ...reply } = await visitor.ask("/redirect/visit");
  equal(status, 303);
  equal(new URL(String(headers.location), "https://localhost").pathname, "/text/read");
  deepEqual(written({ status, headers, ...reply }), { visits: 1 });
  match(String(headers.vary), /^(Accept, )?Cookie$/); // Express sets its own
  equal(headers["cache-control"], "no-store");
  equal((await visitor.read()).visits, 1);
}

/** A logout that the list did not hear is a 503 and deletes the cookie. Nobody is served unchecked. */
async function failing({ visitor, heard, fetches, options }: Cell): Promise<void> {
  const { failure } = options.revocation as List;
  await visitor.text("/text/visit");
  failure.tell = DOWN;
  const { status, setCookie } = await visitor.copy().logout();
  deepEqual([status, setCookie], [503, [CLEARING]]);
  if (heard.errors.length === 0) await soon(heard.reported);
  checkErrors([...heard.reported, ...heard.errors], "ERR_SESSION_REVOCATION", 503);
  heard.reported.length = heard.errors.length = 0;
  failure.ask = DOWN;
  const reply = await visitor.ask("/text/visit");
  deepEqual([reply.status, reply.setCookie], [503, []]);
  const [told, untold] = fetches ? [heard.reported, heard.errors] : [heard.errors, heard.reported];
  checkErrors(told, "ERR_SESSION_REVOCATION", 503);
  deepEqual([(told[0] as Error).cause, untold], [DOWN, []]);
  delete failure.ask;
  equal(await visitor.text("/text/visit"), "Hello stranger, visits: 2");
}

/** An untouched session adds no fields and does no crypto, whatever the cookie. */
async function untouched({ visitor, heard, opens, options }: Cell): Promise<void> {
  const { cookies } = visitor.jar;
  const seal = options.seal as Counting;
  for (const value of ["forged", undefined]) {
    if (value !== undefined) cookies.set("__Host-session", value);
    const reply = await visitor.ask("/plain");
    equal(reply.text, "plain");
    checkUntouched(reply);
    deepEqual([seal.calls, heard.invalid], [0, []]);
    cookies.clear();
  }
  cookies.set("__Host-session", "forged");
  await visitor.read();
  deepEqual([seal.calls, [...new Set(heard.invalid)]], [opens, ["ERR_TOKEN_INVALID"]]);
}

async function cached({ visitor }: Cell): Promise<void> {
  for (const [action, cookies] of [
    ["visit", 1],
    ["read", 0],
  ] as const) {
    const { status, headers, setCookie } = await visitor.ask(`/cached/${action}`);
    deepEqual([status, setCookie.length], [200, cookies]);
    equal(headers["cache-control"], CACHED["Cache-Control"]);
    equal(headers.vary, `${CACHED.Vary}, Cookie`);
  }
}

/** The application's cookies stand beside the session's, or alone where the session sets none. */
function cookiesBy(...ways: Way[]): Record<string, Row> {
  const names: Partial<Record<Way, string>> = {
    object: "writeHead(object)",
    flat: "writeHead(flat array)",
    pairs: "writeHead(nested array)",
    cookie: "the framework's own function",
  };
  const rows = ways.map((way): [string, Row] => [
    `cookie by ${names[way] ?? way}`,
    {
      async check({ visitor, heard }) {
        for (const visits of [1, 2]) {
          const reply = await visitor.ask(`/${way}/visit`);
          deepEqual([reply.status, reply.text], [200, `Hello stranger, visits: ${visits}`]);
          deepEqual(written(reply), { visits });
          checkCookies(reply);
        }
        const reply = await visitor.ask(`/${way}/read`);
        equal(reply.setCookie.length, 2);
        checkCookies(reply);
        deepEqual([heard.reported, heard.errors], [[], []]);
      },
    },
  ]);
  return Object.fromEntries(rows);
}
