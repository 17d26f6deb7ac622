/** The rows of the table about the session itself: the data that it keeps, and when it is written. */

import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import type { SessionOptions } from "bulla/session";
import { memoryRevocation } from "bulla/session";
import { ATTRIBUTES, CLEARING, FOURTEEN_DAYS, NAME, NOW } from "../../helpers/session-cookies.ts";
import { SlowList } from "../../helpers/session-revocation.ts";
import { NEXT } from "./routes.ts";
import { type Heard, type Visitor, written } from "./visitor.ts";

export interface Cell {
  visitor: Visitor;
  heard: Heard;
  /** True where answers are Responses of `wrap`. */
  fetches: boolean;
  /** How many times one request opens a session. */
  opens: number;
  /** The options of the row's sessions. */
  options: SessionOptions;
}

export interface Row {
  options?(): Partial<SessionOptions>;
  check(cell: Cell): Promise<void>;
}

export const SESSION_ROWS: Record<string, Row> = {
  visits: { check: visits },
  login: { options: () => ({ revocation: new SlowList() }), check: login },
  logout: {
    options: () => ({
      revocation: memoryRevocation({
        clock: () => NOW,
        only: ({ data }) => data.user !== undefined,
      }),
    }),
    check: logout,
  },
  "logout by null": { check: leave },
  "flash one message": { check: flash },
  "nested edit saved": { check: nested },
  "unchanged: no Set-Cookie": { check: unchanged },
  "bad cookie": { check: bad },
};

async function visits({ visitor, heard }: Cell): Promise<void> {
  const other = visitor.stranger();
  for (const visits of [1, 2, 3]) {
    const reply = await visitor.ask("/text/visit");
    deepEqual([reply.status, reply.text], [200, `Hello stranger, visits: ${visits}`]);
    deepEqual(written(reply), { visits });
    const [, attributes] = /^[^;]*(;.*)$/.exec(reply.setCookie[0] ?? "") ?? [];
    equal(attributes, `; Max-Age=${FOURTEEN_DAYS}${ATTRIBUTES}`);
    deepEqual([reply.headers.vary, reply.headers["cache-control"]], ["Cookie", "no-store"]);
    equal(await other.text("/text/visit"), `Hello stranger, visits: ${visits}`);
  }
  deepEqual({ ...heard }, { invalid: [], reported: [], errors: [] });
}

/** A login gives a new id and drops the old data; the old cookie is refused from then on. */
async function login({ visitor, heard, opens }: Cell): Promise<void> {
  await visitor.text("/text/visit");
  const before = await visitor.read();
  const copy = visitor.copy();
  const reply = await visitor.login();
  deepEqual([reply.status, reply.headers.location?.slice(-NEXT.length)], [303, NEXT]);
  deepEqual(written(reply), { user: "Tom", flash: "Welcome. " });
  const after = await visitor.read();
  deepEqual(
    [before.isNew, after.isNew, after.user, after.visits],
    [false, false, "Tom", undefined],
  );
  notEqual(after.id, before.id);
  deepEqual([await copy.read(), copy.jar.cookies.size], [{ isNew: true }, 1]);
  const invalid = Array.from({ length: opens }, () => "ERR_SESSION_REVOKED");
  deepEqual({ ...heard }, { invalid, reported: [], errors: [] });
}

/** A logout deletes the cookie, and a copy of it is refused from then on. */
async function logout({ visitor, heard, opens }: Cell): Promise<void> {
  await visitor.login();
  equal((await visitor.read()).user, "Tom");
  const copy = visitor.copy();
  const reply = await visitor.logout();
  deepEqual([reply.status, reply.setCookie], [303, [CLEARING]]);
  deepEqual([await visitor.read(), await copy.read()], [{ isNew: true }, { isNew: true }]);
  const invalid = Array.from({ length: opens }, () => "ERR_SESSION_REVOKED");
  deepEqual({ ...heard }, { invalid, reported: [], errors: [] });
}

/** A logout without a list deletes the cookie, but a copy of it still works. */
async function leave({ visitor, heard }: Cell): Promise<void> {
  await visitor.login();
  const copy = visitor.copy();
  const { status, setCookie } = await visitor.ask("/redirect/leave", { method: "POST" });
  deepEqual([status, setCookie], [303, [CLEARING]]);
  deepEqual([await visitor.read(), (await copy.read()).user], [{ isNew: true }, "Tom"]);
  deepEqual({ ...heard }, { invalid: [], reported: [], errors: [] });
}

async function flash({ visitor }: Cell): Promise<void> {
  await visitor.login();
  equal(await visitor.text("/text/visit"), "Welcome. Hello Tom, visits: 1");
  equal(await visitor.text("/text/visit"), "Hello Tom, visits: 2");
}

async function nested({ visitor }: Cell): Promise<void> {
  await visitor.text("/text/plant");
  const reply = await visitor.ask("/text/count");
  const tokens = [{ shape: "cone", count: 2 }];
  deepEqual(written(reply), { tokens });
  deepEqual((await visitor.read()).tokens, tokens);
}

async function unchanged({ visitor }: Cell): Promise<void> {
  await visitor.text("/text/visit");
  const { setCookie, headers, text } = await visitor.ask("/text/read");
  equal(JSON.parse(text).visits, 1);
  deepEqual([setCookie, headers.vary, headers["cache-control"]], [[], "Cookie", undefined]);
}

/** A bad cookie is an empty session, stays until a session replaces it, and `onInvalid` hears it once. */
async function bad({ visitor, heard, opens }: Cell): Promise<void> {
  await visitor.text("/text/visit");
  const spoilt = `${visitor.jar.cookies.get(NAME)}`.replace(/.$/, "");
  const values = ["", "garbage", `${spoilt}`, `${spoilt}*`, "x".repeat(6000)];
  for (const value of values) {
    visitor.jar.cookies.set(NAME, value);
    const reply = await visitor.ask("/text/read");
    deepEqual([reply.status, reply.text], [200, '{"isNew":true}']);
    deepEqual([reply.setCookie, heard.invalid.length], [[], opens], `the cookie ${value}`);
    for (const code of heard.invalid.splice(0)) match(code, /^ERR_/);
  }
  visitor.jar.cookies.set(NAME, "garbage");
  deepEqual(written(await visitor.ask("/text/visit")), { visits: 1 });
  deepEqual([heard.reported, heard.errors], [[], []]);
}
