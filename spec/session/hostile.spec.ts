/** Objects and values of the application that are not what they seem. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { changesFor } from "../../src/session/fields.ts";
import { memoryRevocation } from "../../src/session.ts";
import { cookieOf, NAME } from "../helpers/session-cookies.ts";
import { pairOf, request, service, visit } from "../helpers/session-visit.ts";

test("using a session's member on another object is a ConfigError", async () => {
  const { session } = await visit(service(), undefined);
  for (const other of [new Proxy(session, {}), Object.create(session)]) {
    for (const use of [() => other.id, () => other.save(), () => other.touch()]) {
      assert.throws(use, { name: "ConfigError", code: "ERR_OPTION" });
    }
  }
  const { save } = session;
  assert.throws(() => save.call(undefined as never), { name: "ConfigError" });
});

test("a Response whose body was read: the change is lost, and onError reports it", async () => {
  const made = service();
  const handler = made.sessions.wrap(async (_request, session) => {
    session.user = "tom";
    const response = new Response("text");
    await response.text();
    return response;
  });
  await assert.rejects(handler(request()), TypeError);
  assert.deepEqual(made.errors, ["ERR_SESSION_UNSENT"]);
});

test("a session that cannot be written, with a body that cannot be cancelled", async () => {
  const made = service();
  const handler = made.sessions.wrap((_request, session) => {
    session.user = 1n;
    const cancel = () => Promise.reject(new Error("busy"));
    return new Response(new ReadableStream({ cancel }));
  });
  assert.equal((await handler(request())).status, 500);
  for (let turns = 0; turns < 3; turns++) await turn();
});

test("a thrown value that cannot be inspected passes through", async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const tagged = Object.defineProperty({}, Symbol.toStringTag, {
    get() {
      throw new Error("a tag");
    },
  });
  for (const value of [proxy, tagged]) {
    const handler = service().sessions.wrap(() => {
      throw value;
    });
    const caught: unknown[] = [];
    await handler(request()).catch((error) => caught.push(error));
    assert.equal(caught[0] === value, true);
  }
});

test("a seal that returns Promises opens and writes nothing, and does not crash the process", async (t) => {
  const rejects = () => Promise.reject(new Error("late")) as never;
  const made = service({ seal: { seal: rejects, open: rejects } });
  const unhandled: unknown[] = [];
  const hear = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", hear);
  t.after(() => process.off("unhandledRejection", hear));
  const handler = made.sessions.wrap((_request, session) => {
    session.user = "tom";
    return new Response();
  });
  const response = await handler(request(cookieOf("fernet", {})));
  assert.equal(response.status, 500);
  assert.deepEqual([made.invalid, made.errors], [["ERR_TOKEN_INVALID"], ["ERR_SESSION_DATA"]]);
  for (let turns = 0; turns < 3; turns++) await turn();
  assert.deepEqual(unhandled, []);
});

test("a seal that returns JSON too deep for the stack is refused, without a throw", async () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const claims = `{"jti":"AAAAAAAAAAAAAAAAAAAAAA","iat":1700000000,"exp":1800000000,"data":{"a":${deep}}}`;
  const made = service({ seal: { seal: () => "x", open: () => claims } });
  const { session } = await visit(made, `${NAME}=x`);
  assert.deepEqual([session.isNew, made.invalid], [true, ["ERR_TOKEN_MALFORMED"]]);
});

test("an answer of `only` that is not a boolean revokes nothing and is an error", async () => {
  const only = (({ data }: { data: { user?: string } }) => data.user) as never;
  const made = service({ revocation: memoryRevocation({ only, clock: () => 1_700_000_000 }) });
  const { setCookie } = await visit(made, undefined, (session) => (session.visits = 1));
  const handler = made.sessions.wrap(async (_request, session) => {
    await session.destroy();
    return new Response();
  });
  assert.equal((await handler(request(pairOf(setCookie[0])))).status, 503);
  assert.deepEqual(made.errors, ["ERR_SESSION_REVOCATION"]);
});

test("a Cache-Control of a million blanks is read in linear time", () => {
  // In quadratic time this would take hours.
  for (const control of [`${" ".repeat(1_000_000)};`, `a${" ".repeat(1_000_000)};`]) {
    const fields = {
      get: (name: string) => (name === "Cache-Control" ? control : null),
      names: () => [],
    };
    const changes = changesFor(fields, [{ name: "s", cookie: "s=1" }], false);
    assert.deepEqual(Object.fromEntries(changes)["Cache-Control"], "no-store");
  }
});
