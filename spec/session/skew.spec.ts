/** Machines whose clocks differ by the allowed 60 seconds: one renews and revokes what another wrote. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryRevocation } from "../../src/session.ts";
import { NOW } from "../helpers/session-cookies.ts";
import { pairOf, service, visit } from "../helpers/session-visit.ts";

test("a logout on the slow machine holds until every cookie of the fast one has expired", async () => {
  let now = NOW;
  const options = { maxAge: 1000, maxLifetime: 200 };
  const behind = () => now;
  const revocation = memoryRevocation({ clock: behind });
  const ahead = service({ ...options, revocation, clock: () => now + 60 });
  const slow = service({ ...options, revocation, clock: behind });
  const first = await visit(ahead, undefined, (session) => (session.user = "tom"));
  const copied = pairOf(first.setCookie[0]);
  const second = await visit(slow, copied, (session) => (session.visits = 1));
  const third = await visit(slow, pairOf(second.setCookie[0]), (session) => (session.visits = 2));
  await visit(slow, pairOf(third.setCookie[0]), (session) => session.destroy());
  for (; now < NOW + 300; now++) {
    for (const machine of [ahead, slow]) {
      assert.equal(machine.sessions.read(copied).isNew, true, `${now - NOW} s later`);
    }
  }
});

test("a session that expired during its request needs no revocation", async () => {
  let now = NOW;
  const list = memoryRevocation({ clock: () => now + 1 });
  const made = service({ maxLifetime: 100, revocation: list, clock: () => now });
  const { setCookie } = await visit(made, undefined, (session) => (session.user = "tom"));
  now += 99;
  const { response } = await visit(made, pairOf(setCookie[0]), async (session) => {
    now += 2;
    await session.destroy();
  });
  assert.equal(response.status, 200);
  assert.deepEqual(made.errors, []);
});
