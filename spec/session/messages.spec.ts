/** The messages of misuse name the member or option that is wrong and what would be right. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryRevocation } from "../../src/session.ts";
import { cookieOf, NAME } from "../helpers/session-cookies.ts";
import {
  type BagSession,
  optionRefusal,
  request,
  service,
  visit,
} from "../helpers/session-visit.ts";
import { misuse } from "../helpers/token-refusals.ts";

const NO_REQUEST = "the source must be a request, headers, a Cookie header or a cookie store";
const NO_OBJECT = "the value assigned to the session must be a plain object or null";

test("for a session's members", async () => {
  const rows: readonly (readonly [(session: BagSession) => unknown, string])[] = [
    [(session) => session.touch({ maxage: 1 } as never), 'unknown option "maxage" of touch'],
    [(session) => session.touch(60 as never), "the options of touch must be an object"],
    [(session) => session.touch({ maxAge: 0 }), "maxAge must be whole seconds from 1 to 1209600"],
    [(session) => session.touch({ persistent: 1 } as never), "persistent must be a boolean"],
    [(session) => session.save("x" as never), "done must be a function"],
    [(session) => session.destroy("x" as never), "done must be a function"],
    [
      (session) => Object.freeze(session).destroy(),
      "the session must be extensible and its data configurable: do not freeze them",
    ],
    [
      (session) => Object.assign(session, { id: 1 }),
      "id is a member of every session: data must have another name",
    ],
    [
      (session) => new Proxy(session, {}).id,
      "a session's member must be used on the session itself, not on a copy or a Proxy",
    ],
  ];
  for (const [use, message] of rows) {
    await visit(service(), undefined, (session) =>
      misuse(() => use(session), "ERR_OPTION", message),
    );
  }
});

test("for the arguments of the functions of sessions()", () => {
  const { sessions } = service();
  const req = { headers: {} } as never;
  const rows: readonly (readonly [() => unknown, string])[] = [
    [() => sessions.read({} as never), NO_REQUEST],
    [
      () => sessions.read({ get: () => 7 } as never),
      "a cookie of the store must be a string, or an object with a string value",
    ],
    [() => sessions.attach({} as never, {} as never), "req must be an IncomingMessage"],
    [() => sessions.attach(null as never, {} as never), "req must be an IncomingMessage"],
    [() => sessions.attach(req, {} as never), "res must be a ServerResponse"],
    [() => sessions.attach(req, { writeHead() {} } as never), "res must be a ServerResponse"],
    [() => sessions.wrap(1 as never), "the handler must be a function"],
    [() => sessions.issue(null as never), NO_OBJECT],
    [() => sessions.issue([] as never), NO_OBJECT],
    [() => sessions.issue({}, { age: 1 } as never), 'unknown option "age" of touch'],
  ];
  for (const [use, message] of rows) misuse(use, "ERR_OPTION", message);
});

test("for a handler's arguments and results", async () => {
  const { sessions } = service();
  const nothing = sessions.wrap(() => undefined as never);
  await assert.rejects(
    nothing(request()),
    optionRefusal("the handler's result must be a Response"),
  );
  await assert.rejects(nothing({} as never), optionRefusal("request must be a Request"));
  const store = { get: () => undefined, set: () => {} };
  const edit = (...args: unknown[]): Promise<unknown> =>
    (sessions.edit as never as typeof edit)(...args);
  await assert.rejects(edit(store, 1), optionRefusal("the handler must be a function"));
  const noStore = optionRefusal("the store must be a cookie store with get and set");
  for (const wrong of [undefined, {}, { get() {} }, new Headers()]) {
    await assert.rejects(
      edit(wrong, () => {}),
      noStore,
    );
  }
});

test("for an assignment to req.session", () => {
  const revocation = memoryRevocation();
  for (const [value, message] of [
    [1, NO_OBJECT],
    [new Map(), NO_OBJECT],
    [null, "the session must be ended by `await destroy()`, not null, with a revocation list"],
  ] as const) {
    const req = { headers: { cookie: `${NAME}=x` } } as never as { session: unknown };
    const res = { headersSent: false, writeHead() {}, once() {}, getHeader() {} } as never;
    service({ revocation }).sessions.middleware(req as never, res, () => {});
    misuse(() => (req.session = value), "ERR_OPTION", message);
  }
  const waiting = { isRevoked: () => Promise.resolve(false), revoke: () => {} };
  const { sessions } = service({ revocation: waiting });
  const asynchronous = "the revocation list is asynchronous: use load or middleware";
  misuse(() => sessions.read(cookieOf("fernet", {})), "ERR_OPTION", asynchronous);
});
