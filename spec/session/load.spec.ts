/** read and load with a revocation list: load waits for it, read cannot. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Revocation } from "../../src/session.ts";
import { cookieOf, NAME } from "../helpers/session-cookies.ts";
import {
  configRefusal,
  request,
  service,
  sessionRefusal,
  turns,
} from "../helpers/session-visit.ts";

const COOKIE = cookieOf("fernet", { user: "tom" });

describe("the list is asked where the caller can wait", () => {
  const list = (isRevoked: Revocation["isRevoked"]): Revocation => ({ isRevoked, revoke() {} });
  const down = (): never => {
    throw new Error("the list is down");
  };
  const sources = {
    "a request of node:http": () => ({ headers: { cookie: COOKIE } }) as never,
    "a Request": () => request(COOKIE),
    Headers: () => new Headers({ cookie: COOKIE }),
    "a text": () => COOKIE,
    "a reader": () => new Map([[NAME, COOKIE.slice(NAME.length + 1)]]),
  };
  for (const [what, make] of Object.entries(sources)) {
    test(`${what}, with a list that answers at once`, async () => {
      for (const revoked of [false, true]) {
        const { sessions, invalid } = service({ revocation: list(() => revoked) });
        for (const session of [sessions.read(make()), await sessions.load(make())]) {
          assert.equal(session.isNew, revoked);
        }
        assert.deepEqual(invalid, revoked ? ["ERR_SESSION_REVOKED", "ERR_SESSION_REVOKED"] : []);
      }
    });

    test(`${what}, with a list that answers later: load waits, read is a ConfigError`, async () => {
      for (const revoked of [false, true]) {
        const { sessions } = service({ revocation: list(async () => revoked) });
        assert.throws(() => sessions.read(make()), configRefusal(/load/));
        assert.equal((await sessions.load(make())).isNew, revoked);
      }
    });

    test(`${what}, with a list that fails`, async () => {
      const expected = sessionRefusal("ERR_SESSION_REVOCATION");
      for (const isRevoked of [down, () => "no" as never, () => undefined as never]) {
        const { sessions } = service({ revocation: list(isRevoked) });
        assert.throws(() => sessions.read(make()), expected);
        await assert.rejects(sessions.load(make()), expected);
      }
      for (const isRevoked of [async () => down(), async () => 1 as never]) {
        const { sessions } = service({ revocation: list(isRevoked) });
        assert.throws(() => sessions.read(make()), configRefusal(/load/));
        await assert.rejects(sessions.load(make()), expected);
      }
      // An unhandled rejection would fail the test.
      await turns();
    });
  }

  test("and is not asked without a valid cookie", async () => {
    const { sessions } = service({ revocation: list(async () => down()) });
    for (const source of [undefined, "", `${NAME}=garbage`, new Headers()]) {
      assert.equal(sessions.read(source).isNew, true);
      assert.equal((await sessions.load(source)).isNew, true);
    }
  });
});
