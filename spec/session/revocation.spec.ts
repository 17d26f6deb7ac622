/** memoryRevocation: which ids it holds and until when; a full list refuses new ids and forgets none. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryRevocation } from "../../src/session.ts";
import { full, SOMEBODY, Timed } from "../helpers/memory-revocation.ts";
import { idOf, NOW, OLD_ID } from "../helpers/session-cookies.ts";
import { configRefusal, optionRefusal } from "../helpers/session-visit.ts";
import { seeded } from "../helpers/token-random.ts";

/** Encodes 16 bytes as an id. */
const idFrom = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

describe("memoryRevocation: misuse", () => {
  test("refuses bad options", () => {
    for (const limit of [0, -1, 1.5, Number.NaN, Infinity, "5", null] as number[]) {
      assert.throws(
        () => memoryRevocation({ limit }),
        optionRefusal("limit must be a whole number, 1 or more"),
      );
    }
    for (const bad of [5, "only", {}, null, true] as never[]) {
      assert.throws(() => memoryRevocation({ only: bad }), configRefusal(/only/));
      assert.throws(() => memoryRevocation({ clock: bad }), configRefusal(/clock/));
    }
    for (const options of [null, 5, [], "limit"] as never[]) {
      assert.throws(
        () => memoryRevocation(options),
        optionRefusal("the options of memoryRevocation must be an object"),
      );
    }
    for (const options of [{ max: 5 }, { limit: 5, Limit: 5 }] as never[]) {
      assert.throws(
        () => memoryRevocation(options),
        configRefusal(/^unknown option "(max|Limit)" of memoryRevocation$/),
      );
    }
    memoryRevocation();
    memoryRevocation({});
  });

  test("refuses a clock that does not return a number", () => {
    for (const time of [Number.NaN, Infinity, "5", undefined] as number[]) {
      const list = memoryRevocation({ clock: () => time });
      assert.throws(() => list.revoke(OLD_ID, NOW, SOMEBODY), configRefusal(/clock/));
    }
  });

  test("refuses a time in the past or that is not a time: the id would be forgotten at once", () => {
    const timed = new Timed();
    for (const until of [NOW, NOW - 1, 0, -1, Infinity, Number.NaN, "5", undefined] as number[]) {
      const message =
        typeof until === "number" && Number.isFinite(until)
          ? "until must be later than the list's clock: give it the clock of the sessions"
          : "until must be a finite number of seconds";
      assert.throws(() => timed.revoke(OLD_ID, until), optionRefusal(message));
    }
    assert.equal(timed.isRevoked(OLD_ID), false);
  });

  test("refuses an id that is not the base64url of 16 bytes", () => {
    const timed = new Timed();
    const bad: unknown[] = [
      "",
      "an-old-id",
      OLD_ID.slice(1),
      `${OLD_ID}A`,
      `${OLD_ID}==`,
      `${OLD_ID.slice(0, -1)}B`,
      `+${OLD_ID.slice(1)}`,
      ` ${OLD_ID.slice(1)}`,
      `\u0141${OLD_ID.slice(1)}`,
      "__proto__",
      7,
      null,
      undefined,
      {},
      Buffer.from(OLD_ID),
    ];
    timed.revoke(OLD_ID, NOW + 10);
    for (const id of bad as string[]) {
      assert.throws(
        () => timed.revoke(id, NOW + 10),
        optionRefusal("id must be a session's id, 22 characters of base64url"),
      );
      assert.equal(timed.isRevoked(id), false, String(id));
    }
  });
});

describe("memoryRevocation: an id", () => {
  test("is revoked until its time, and no other id is", () => {
    const timed = new Timed();
    timed.revoke(OLD_ID, NOW + 10);
    for (const [at, revoked] of [
      [0, true],
      [9, true],
      [9.9, true],
      [10, false],
      [11, false],
    ] as const) {
      timed.now = NOW + at;
      assert.equal(timed.isRevoked(OLD_ID), revoked, String(at));
      assert.equal(timed.isRevoked(idOf("other")), false);
    }
  });

  test("can be held for a fraction of a second, and for more than 32 bits of seconds", () => {
    for (const [now, until] of [
      [NOW, NOW + 0.5],
      [2 ** 31 - 1, 2 ** 31 + 5],
      [2 ** 32 - 1, 2 ** 32 + 5],
      [NOW, 2 ** 33],
      [2 ** 40, 2 ** 40 + 9],
      [NOW, Number.MAX_SAFE_INTEGER],
    ] as const) {
      const timed = new Timed();
      timed.now = now;
      timed.revoke(OLD_ID, until);
      assert.equal(timed.isRevoked(OLD_ID), true);
      timed.now = until - 0.25;
      if (timed.now < until) assert.equal(timed.isRevoked(OLD_ID), true, String(until));
      timed.now = until + 1;
      assert.equal(timed.isRevoked(OLD_ID), false, String(until));
    }
  });

  test("that is revoked twice keeps the later time", () => {
    for (const untils of [
      [10, 20],
      [20, 10],
      [20, 20, 10],
      [5, 20, 10],
    ]) {
      for (const limit of [undefined, 1]) {
        const timed = new Timed(limit);
        for (const until of untils) timed.revoke(OLD_ID, NOW + until);
        timed.now = NOW + 19;
        assert.equal(timed.isRevoked(OLD_ID), true);
        timed.now = NOW + 20;
        assert.equal(timed.isRevoked(OLD_ID), false);
        timed.revoke(OLD_ID, NOW + 30);
        assert.equal(timed.isRevoked(OLD_ID), true);
      }
    }
  });

  test("uses the system's clock by default", (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: NOW * 1000 });
    const list = memoryRevocation();
    list.revoke(OLD_ID, NOW + 1, SOMEBODY);
    assert.equal(list.isRevoked(OLD_ID, SOMEBODY), true);
    t.mock.timers.tick(1000);
    assert.equal(list.isRevoked(OLD_ID, SOMEBODY), false);
  });

  test("is revoked only in its own list", () => {
    const [one, other] = [new Timed(), new Timed()];
    one.revoke(OLD_ID, NOW + 10);
    assert.equal(other.isRevoked(OLD_ID), false);
  });

  test("is not confused with one that differs in a single bit", () => {
    const timed = new Timed();
    for (const bytes of [
      Buffer.from(OLD_ID, "base64url"),
      Buffer.alloc(16),
      Buffer.alloc(16, 255),
    ]) {
      timed.revoke(idFrom(bytes), NOW + 10);
      for (let bit = 0; bit < 128; bit++) {
        const other = Buffer.from(bytes);
        other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        assert.equal(timed.isRevoked(idFrom(other)), false, `bit ${bit}`);
      }
      assert.equal(timed.isRevoked(idFrom(bytes)), true);
    }
  });

  test("is not confused with others that share most of their bytes", () => {
    // In each family only two bytes differ, so that a hash of other bytes would collide.
    for (let at = 0; at < 16; at += 2) {
      const timed = new Timed(1000);
      const ids = Array.from({ length: 2000 }, (_, index) => {
        const bytes = Buffer.alloc(16, 7);
        bytes.writeUInt16LE(index * 31, at);
        return idFrom(bytes);
      });
      for (let index = 0; index < 2000; index += 2)
        timed.revoke(ids[index] ?? "", NOW + 10 + index);
      assert.throws(() => timed.revoke(ids[1] ?? "", NOW + 10), full);
      for (const [index, id] of ids.entries()) {
        assert.equal(timed.isRevoked(id), index % 2 === 0, `${at}: ${index}`);
      }
      timed.now = NOW + 1010;
      for (const [index, id] of ids.entries()) {
        assert.equal(timed.isRevoked(id), index % 2 === 0 && index > 1000, `${at}: ${index}`);
      }
    }
  });
});

describe("memoryRevocation: the limit", () => {
  for (const limit of [1, 2, 3, 64, 1500, 5000]) {
    test(`holds ${limit} ids, and refuses one more until the first has expired`, () => {
      const timed = new Timed(limit);
      const [more, again] = [idOf("more"), idOf("again")];
      const held = Array.from({ length: limit }, (_, index) => idOf(`${index}`));
      for (const [index, id] of held.entries()) timed.revoke(id, NOW + 100 + index);
      for (let tries = 0; tries < 3; tries++) {
        assert.throws(() => timed.revoke(more, NOW + 500), full);
      }
      assert.deepEqual(
        held.filter((id) => !timed.isRevoked(id)),
        [],
      );
      assert.equal(timed.isRevoked(more), false);
      timed.revoke(held[0] ?? "", NOW + 101);
      timed.now = NOW + 101;
      timed.revoke(more, NOW + 500_000);
      if (limit > 1) timed.revoke(again, NOW + 500_000);
      assert.throws(() => timed.revoke(idOf("one too many"), NOW + 500_000), full);
      assert.deepEqual([timed.isRevoked(more), timed.isRevoked(again)], [true, limit > 1]);
      for (const [index, id] of held.entries()) assert.equal(timed.isRevoked(id), index > 1, id);
    });

    test(`has room for ${limit} again after ${limit} have expired`, () => {
      const timed = new Timed(limit);
      for (let round = 0; round < 3; round++) {
        const ids = Array.from({ length: limit }, (_, index) => idOf(`${round} ${index}`));
        for (const id of ids) timed.revoke(id, timed.now + 10);
        assert.throws(() => timed.revoke(idOf("more"), timed.now + 10), full);
        assert.equal(
          ids.every((id) => timed.isRevoked(id)),
          true,
        );
        timed.now += 10;
        assert.equal(
          ids.some((id) => timed.isRevoked(id)),
          false,
        );
      }
    });
  }

  test("a full list has room as soon as the next id expires, again and again", () => {
    const timed = new Timed(2);
    for (let at = 1; at < 30; at++) {
      timed.now = NOW + at;
      timed.revoke(idOf(`${at}`), timed.now + 2);
    }
  });

  test("a list in constant use does not fill up, in whatever order its ids expire", () => {
    const timed = new Timed(6000);
    for (let count = 0; count < 60_000; count++) {
      // 1000 ids a second, valid for 1 or 9 seconds: at most 5000 at a time.
      timed.now = NOW + Math.floor(count / 1000);
      const id = idOf(`${count}`);
      timed.revoke(id, timed.now + 1 + 8 * (count % 2));
      assert.equal(timed.isRevoked(id), true);
    }
    assert.equal(timed.isRevoked(idOf("0")), false);
  });

  test("agrees with a plain Map", (t) => {
    const random = seeded(t);
    for (const limit of [1, 5, 40, 200]) {
      const timed = new Timed(limit);
      const model = new Map<string, number>();
      const ids = Array.from({ length: limit * 2 + 1 }, () => idFrom(random.bytes(16)));
      for (let step = 0; step < 4000; step++) {
        if (random.below(4) === 0) timed.now += random.below(8);
        for (const [id, until] of model) if (until <= timed.now) model.delete(id);
        const id = ids[random.below(ids.length)] ?? "";
        const until = timed.now + 1 + random.below(limit);
        if (model.has(id) || model.size < limit) {
          timed.revoke(id, until);
          model.set(id, Math.max(until, model.get(id) ?? 0));
        } else assert.throws(() => timed.revoke(id, until), full);
        const other = ids[random.below(ids.length)] ?? "";
        assert.equal(timed.isRevoked(other), model.has(other), `step ${step} of limit ${limit}`);
      }
      for (const id of ids) assert.equal(timed.isRevoked(id), model.has(id));
    }
  });
});

describe("memoryRevocation: only", () => {
  test("decides which sessions are remembered, and gets each", () => {
    const shown: unknown[] = [];
    const timed = new Timed(1, {
      only(session) {
        shown.push(session);
        return "user" in session.data;
      },
    });
    const nobody = { ...SOMEBODY, data: {} };
    for (let count = 0; count < 100; count++) {
      timed.list.revoke(idOf(`${count}`), NOW + 10, nobody);
      assert.equal(timed.isRevoked(idOf(`${count}`)), false);
    }
    timed.revoke(OLD_ID, NOW + 10);
    assert.equal(timed.isRevoked(OLD_ID), true);
    timed.list.revoke(idOf("more"), NOW + 10, nobody);
    assert.throws(() => timed.revoke(idOf("more"), NOW + 10), full);
    assert.deepEqual([shown[0], shown[100]], [nobody, SOMEBODY]);
  });

  test("is not called where no session is given", () => {
    const timed = new Timed(1, { only: () => assert.fail("there is no session") });
    timed.list.revoke(OLD_ID, NOW + 10);
    assert.equal(timed.list.isRevoked(OLD_ID), true);
  });

  test("that returns neither true nor false makes revoke throw", () => {
    for (const answer of [undefined, null, 1, 0, "", "yes", {}, Promise.resolve(true)]) {
      const timed = new Timed(1, { only: () => answer as never });
      assert.throws(
        () => timed.revoke(OLD_ID, NOW + 10),
        optionRefusal("the result of only must be true or false"),
      );
      assert.equal(timed.isRevoked(OLD_ID), false);
    }
  });

  test("that throws makes revoke throw", () => {
    const timed = new Timed(1, {
      only() {
        throw new Error("no data");
      },
    });
    assert.throws(() => timed.revoke(OLD_ID, NOW + 10));
    assert.equal(timed.isRevoked(OLD_ID), false);
  });
});
