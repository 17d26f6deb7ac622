/** onInvalid and onError: when they are called, and what happens if they fail. */

import assert from "node:assert/strict";
import http from "node:http";
import net from "node:net";
import { describe, test } from "node:test";
import { type SessionOptions, sessions } from "../../src/session.ts";
import { app, warningsOf } from "../helpers/session-app.ts";
import { cookieOf, NAME, SECRET } from "../helpers/session-cookies.ts";
import { PROTOCOLS, serve } from "../helpers/session-server.ts";
import {
  configRefusal,
  request,
  type Service,
  service,
  sessionRefusal,
  visit,
} from "../helpers/session-visit.ts";

/** Must not be found in any warning. */
const PLAINTEXT = "hunter2";

function throwing(): never {
  throw new Error(PLAINTEXT);
}

const THROWING: Record<string, () => unknown> = {
  "throws an Error": throwing,
  "throws undefined": () => {
    throw undefined;
  },
  "rejects with an Error": async () => throwing(),
  "rejects with undefined": () => Promise.reject(undefined),
};

describe("a callback that fails does not affect the request", () => {
  for (const [what, failing] of Object.entries(THROWING)) {
    test(`onInvalid ${what}: the request goes on, and a warning is emitted`, async () => {
      const made = service({ onInvalid: failing });
      const warning = nextWarning();
      const { response, setCookie } = await visit(made, `${NAME}=garbage`);
      assert.deepEqual([response.status, setCookie], [200, []]);
      const { code, message } = await warning;
      assert.deepEqual([code, message], ["BULLA_CALLBACK", "onInvalid threw"]);
    });

    test(`onError ${what} for unwritable data: the Response is sent, and a warning is emitted`, async () => {
      const made = service({ onError: failing });
      const warning = nextWarning();
      const handler = made.sessions.wrap((_request, session) => {
        session.count = 1n;
        return new Response();
      });
      assert.equal((await handler(request())).status, 500);
      assert.equal((await warning).message, "onError threw");
    });

    test(`onError ${what} for a failing list: the Response is sent, and a warning is emitted`, async () => {
      const isRevoked = () => Promise.reject(new Error("down"));
      const made = service({ onError: failing, revocation: { isRevoked, revoke() {} } });
      const warning = nextWarning();
      const handler = made.sessions.wrap(() => new Response());
      assert.equal((await handler(request(cookieOf("fernet", {})))).status, 503);
      assert.equal((await warning).message, "onError threw");
    });

    for (const [protocol, start] of Object.entries(PROTOCOLS)) {
      test(`onError ${what} while ${protocol} writes a head: the response is sent`, async (t) => {
        const made = service({ onError: failing });
        const site = await start(t, (req, res) => {
          made.sessions.attach(req, res).count = 1n;
          setTimeout(() => res.end("late"), 1);
        });
        const warning = nextWarning();
        const reply = await site.ask("/");
        assert.deepEqual([reply.status, reply.text], [500, "late"]);
        const { code, message } = await warning;
        assert.deepEqual([code, message], ["BULLA_CALLBACK", "onError threw"]);
      });

      test(`onError ${what} for a late change on ${protocol}: a warning is emitted`, async (t) => {
        const { site } = await app(
          start,
          t,
          (session, res) => {
            res.write("text");
            session.late = true;
            res.end();
          },
          { onError: failing },
        );
        const warning = nextWarning();
        assert.equal((await site.ask("/")).text, "text");
        assert.equal((await warning).message, "onError threw");
      });
    }
  }

  for (const [what, onInvalid] of [
    ["is absent", undefined],
    ["returns nothing", () => {}],
    ["returns a Promise", async () => {}],
  ] as const) {
    test(`onInvalid ${what}: a bad cookie gives no warning`, async (t) => {
      const warnings = warningsOf(t);
      const { read } = sessions({ secret: SECRET, ...(onInvalid && { onInvalid }) });
      assert.equal(read(`${NAME}=garbage`).isNew, true);
      await new Promise(setImmediate);
      assert.deepEqual(warnings, []);
    });
  }
});

describe("onInvalid gets a code and the source, once a request", () => {
  for (const [protocol, start] of Object.entries(PROTOCOLS)) {
    test(protocol, async (t) => {
      const heard: unknown[] = [];
      const made: Service = service({ onInvalid: (...told) => heard.push(...told) });
      const sources: unknown[] = [];
      const site = await start(t, async (req, res) => {
        sources.push(req);
        const { attach, load, middleware, read } = made.sessions;
        attach(req, res);
        await load(req, res);
        middleware(req, res, () => {});
        read(req);
        attach(Object.create(req), res);
        res.end();
      });
      const headers = { cookie: `${NAME}=garbage; a=b; ${NAME}=worse` };
      const reply = await site.ask("/", { headers });
      assert.deepEqual([reply.status, reply.setCookie], [200, []]);
      assert.deepEqual(heard[0], { code: "ERR_TOKEN_INVALID" });
      assert.equal(heard[1], sources[0]);
      assert.equal(heard.length, 2);
    });
  }
});

test("without onError a process warning says what could not be written", async (t) => {
  const made = service({ onError: undefined } as unknown as SessionOptions);
  const site = await serve(t, (req, res) => {
    Object.assign(made.sessions.attach(req, res), { text: PLAINTEXT.repeat(600) });
    res.end();
  });
  const warning = nextWarning();
  assert.equal((await site.ask("/")).status, 500);
  const { name, code, message } = await warning;
  const { code: expected, message: text } = sessionRefusal("ERR_SESSION_TOO_LARGE");
  assert.deepEqual(
    { name, code, message },
    { name: "SessionError", code: expected, message: text },
  );
});

describe("an invalid request or response is a ConfigError, in every function", () => {
  const req = new http.IncomingMessage(new net.Socket());
  const res = new http.ServerResponse(req);
  const next = () => assert.fail("next is not called");
  for (const none of [undefined, null, 7, "req", true, {}, () => {}]) {
    test(`${typeof none} ${none}`, async () => {
      const { attach, load, middleware } = service().sessions;
      const bad = none as never;
      assert.throws(() => attach(bad, res), configRefusal(/req/));
      assert.throws(() => middleware(bad, res, next), configRefusal(/req/));
      assert.throws(() => attach(req, bad), configRefusal(/res/));
      await assert.rejects(load(bad, res), configRefusal(/req/));
      if (none !== undefined) await assert.rejects(load(req, bad), configRefusal(/res/));
    });
  }
});

/** Resolves with the process's next warning, except that of base64. */
function nextWarning(): Promise<Error & { code?: string }> {
  return new Promise((resolve) => {
    process.on("warning", function hear(warning: Error & { code?: string }) {
      if (warning.code === "BULLA_BASE64") return;
      process.off("warning", hear);
      resolve(warning);
    });
  });
}
