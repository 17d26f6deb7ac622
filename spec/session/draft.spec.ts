/** draft.ts: the cached cookie is made again when the session's lifetime changes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { cookieValue, NOW, unseal } from "../helpers/session-cookies.ts";
import { service, visit } from "../helpers/session-visit.ts";

test("touch after save: the cookie gets the lifetime that was set last", async () => {
  const { setCookie } = await visit(service(), undefined, (session) => {
    session.user = "tom";
    session.save();
    session.touch({ maxAge: 60, persistent: false });
    session.save();
    session.touch({ maxAge: 90, persistent: true });
  });
  assert.equal(setCookie.length, 1);
  assert.match(setCookie[0] as string, /; Max-Age=90;/);
  assert.equal(unseal("fernet", cookieValue(setCookie[0])).exp, NOW + 90);
});
