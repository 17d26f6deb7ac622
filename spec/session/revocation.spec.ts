/** memoryRevocation: what it holds, until when, and that it refuses more before it forgets any. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryRevocation } from "../../src/session.ts";
import { full, Timed } from "../helpers/memory-revocation.ts";
import { NOW } from "../helpers/session-cookies.ts";
import { misuse } from "../helpers/token-refusals.ts";

/** How often maps are walked through while `run` does. */
function looks(run: () => void): number {
  const { [Symbol.iterator]: iterate } = Map.prototype;
  let looked = 0;
  Map.prototype[Symbol.iterator] = function () {
    looked++;
    return iterate.call(this);
  };
  try {
    run();
  } finally {
    Map.prototype[Symbol.iterator] = iterate;
  }
  return looked;
}

describe("memoryRevocation: an id", () => {
  test("is revoked until the moment it was revoked for, and no other is", () => {
    const timed = new Timed();
    timed.list.revoke("id", NOW + 10);
    for (const [now, revoked] of [
      [NOW, true],
      [NOW + 9.9, true],
      [NOW + 10, false],
      [NOW + 11, false],
    ] as const) {
      timed.now = now;
      assert.equal(timed.list.isRevoked("id"), revoked, String(now - NOW));
      assert.equal(timed.list.isRevoked("i"), false);
      assert.equal(timed.list.isRevoked("__proto__"), false);
    }
  });

  test("that is revoked twice is so for the longer", () => {
    for (const untils of [
      [NOW + 10, NOW + 20],
      [NOW + 20, NOW + 10],
    ]) {
      const timed = new Timed();
      for (const until of untils) timed.list.revoke("id", until);
      timed.now = NOW + 19;
      assert.equal(timed.list.isRevoked("id"), true);
      timed.now = NOW + 20;
      assert.equal(timed.list.isRevoked("id"), false);
    }
  });

  test("is revoked by the machine's clock where no other is given", (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: NOW * 1000 });
    const list = memoryRevocation();
    list.revoke("id", NOW + 1);
    assert.equal(list.isRevoked("id"), true);
    t.mock.timers.tick(1000);
    assert.equal(list.isRevoked("id"), false);
  });

  test("that nobody revoked is answered without the clock", () => {
    const list = memoryRevocation({ clock: () => assert.fail() });
    assert.equal(list.isRevoked("id"), false);
  });

  test("is revoked in its own list alone", () => {
    const [one, other] = [new Timed(), new Timed()];
    one.list.revoke("id", NOW + 10);
    assert.equal(other.list.isRevoked("id"), false);
  });
});

describe("memoryRevocation: its bound", () => {
  for (const limit of [1, 2, 3, 1500, 5000]) {
    test(`${limit} ids are held; one more is refused until the first has expired`, () => {
      const timed = new Timed(limit);
      const held = Array.from({ length: limit }, (_, index) => `id-${index}`);
      for (const [index, id] of held.entries()) timed.list.revoke(id, NOW + 100 + index);
      for (let tries = 0; tries < 3; tries++) {
        assert.throws(() => timed.list.revoke("more", NOW + 500), full(limit));
      }
      assert.deepEqual(
        held.filter((id) => !timed.list.isRevoked(id)),
        [],
      );
      assert.equal(timed.list.isRevoked("more"), false);
      timed.list.revoke("id-0", NOW + 101);
      timed.now = NOW + 101;
      timed.list.revoke("more", NOW + 500_000);
      assert.equal(timed.list.isRevoked("more"), true);
      for (const [index, id] of held.entries()) {
        assert.equal(timed.list.isRevoked(id), index > 1, id);
      }
    });
  }

  test("a full list has room as soon as the next one expires, again and again", () => {
    const timed = new Timed(2);
    for (let at = 1; at < 10; at++) timed.list.revoke(`id-${at}`, (timed.now = NOW + at) + 2);
  });

  test("a list that was looked through knows which of those that stay is the next to expire", () => {
    const timed = new Timed(3);
    for (const [id, seconds] of Object.entries({ a: 10, b: 50, c: 100 })) {
      timed.list.revoke(id, NOW + seconds);
    }
    timed.now = NOW + 10;
    timed.list.revoke("d", NOW + 200);
    timed.now = NOW + 50;
    timed.list.revoke("e", NOW + 300);
    assert.deepEqual(
      ["b", "c", "d", "e"].map((id) => timed.list.isRevoked(id)),
      [false, true, true, true],
    );
  });

  test("100,000 by default", () => {
    const { list } = new Timed();
    for (let count = 0; count < 100_000; count++) list.revoke(`id-${count}`, NOW + 1 + count);
    assert.throws(() => list.revoke("more", NOW + 1), full(100_000));
    assert.equal(list.isRevoked("id-0"), true);
  });

  test("what expires leaves, in whatever order it came: a list used for ever is never full", () => {
    const timed = new Timed(10_000);
    const looked = looks(() => {
      for (let count = 0; count < 100_000; count++) {
        // 1000 a second, each for 1 or 9 seconds: 5000 at a time have not expired.
        timed.now = NOW + Math.floor(count / 1000);
        timed.list.revoke(`id-${count}`, timed.now + 1 + 8 * (count % 2));
        assert.equal(timed.list.isRevoked(`id-${count}`), true);
      }
    });
    assert.equal(timed.list.isRevoked("id-0"), false);
    assert.ok(looked > 10 && looked < 30, `${looked} looks: about one for every 5000`);
  });

  test("a full list is not looked through for every id that it refuses", () => {
    const limit = 5000;
    const timed = new Timed(limit);
    for (let count = 1; count < limit; count++) timed.list.revoke(`id-${count}`, NOW + 100);
    timed.list.revoke("id-0", NOW + 50);
    const refused = (): void => assert.throws(() => timed.list.revoke("more", NOW + 100));
    const refuse = (): void => {
      for (let tries = 0; tries < 100; tries++) refused();
    };
    assert.equal(looks(refuse), 0);
    timed.now = NOW + 50;
    assert.equal(
      looks(() => timed.list.revoke("one", NOW + 100)),
      1,
    );
    assert.equal(looks(refuse), 0);
  });
});

describe("memoryRevocation: misuse", () => {
  test("options that are none", () => {
    for (const limit of [0, -1, 1.5, Number.NaN, Infinity, "5", null]) {
      const given = { limit } as { limit: number };
      misuse(
        () => memoryRevocation(given),
        "ERR_OPTION",
        "limit must be a whole number, 1 or more",
      );
    }
    const clock = 5 as unknown as () => number;
    misuse(() => memoryRevocation({ clock }), "ERR_OPTION", "clock must be a function");
    for (const none of [null, 5, []] as unknown[] as object[]) {
      const message = "the options of memoryRevocation must be an object";
      misuse(() => memoryRevocation(none), "ERR_OPTION", message);
    }
    const unknown = { max: 5 } as object;
    const message = 'unknown option "max" of memoryRevocation';
    misuse(() => memoryRevocation(unknown), "ERR_OPTION", message);
  });

  test("a clock that is none", () => {
    const list = memoryRevocation({ clock: () => Number.NaN });
    const message = "the clock's time must be a finite number of seconds";
    misuse(() => list.revoke("id", NOW), "ERR_OPTION", message);
  });

  test("an id for a time that is over, or none: it would be forgotten at once", () => {
    const { list } = new Timed();
    const over = "until must be later than the revocation list's clock";
    for (const until of [NOW, NOW - 1, 0])
      misuse(() => list.revoke("id", until), "ERR_OPTION", over);
    for (const until of [Infinity, Number.NaN, "5"] as number[]) {
      const message = "until must be a finite number of seconds";
      misuse(() => list.revoke("id", until), "ERR_OPTION", message);
    }
  });
});
