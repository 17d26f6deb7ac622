/** The table of revoked ids: what it forgets when, and how much one call sweeps, counted by the ids that are moved. */

import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { encode } from "../../src/base64url.ts";
import { IdTable } from "../../src/internal/ids.ts";

const PARTS = 4096;
const PARTS_SWEPT = 256;

/** An id in the part `number % PARTS`. */
function idOf(number: number): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(number);
  return encode(bytes);
}

/** A full table: one id in each part, good until the time that `until` gives. */
function fullTable(until: (part: number) => number): IdTable {
  const table = new IdTable(PARTS);
  for (let part = 0; part < PARTS; part++) table.add(idOf(part), until(part), 0);
  return table;
}

/** How many ids a call drops: the last of a part is moved into the place of each. */
function dropped(t: TestContext, run: () => unknown): number {
  const { mock } = t.mock.method(Uint32Array.prototype, "copyWithin");
  run();
  const count = mock.callCount();
  mock.restore();
  return count;
}

test("an id is there until its time, and no later", () => {
  const table = new IdTable(10);
  assert.equal(table.add(idOf(1), 5, 0), undefined);
  assert.equal(table.has(idOf(1), 4), true);
  assert.equal(table.has(idOf(1), 5), false);
  assert.equal(table.has(idOf(1 + PARTS), 4), false);
});

test("the later of two times of an id holds", () => {
  for (const times of [
    [5, 9],
    [9, 5],
  ]) {
    const table = new IdTable(1);
    for (const until of times) assert.equal(table.add(idOf(1), until, 0), undefined);
    assert.equal(table.has(idOf(1), 8), true);
  }
});

test("other text than 22 characters of strict base64url is not an id", () => {
  const table = new IdTable(10);
  const id = idOf(1);
  for (const bad of ["", id.slice(1), `${id}A`, `${id.slice(1)}=`, `${id.slice(1)}B`, 7 as never]) {
    assert.equal(table.add(bad, 5, 0), "not an id");
    assert.equal(table.has(bad, 0), false);
  }
});

test("ids of one part are told apart by each of their four words", () => {
  const table = new IdTable(10);
  const ids = [0, 4, 8, 12].map((at) => {
    const bytes = Buffer.alloc(16);
    bytes[at] = 1;
    return encode(bytes);
  });
  for (const [index, id] of ids.entries()) {
    assert.equal(table.has(id, 0), false, id);
    assert.equal(table.add(id, 10 + index, 0), undefined);
  }
  for (const [index, id] of ids.entries()) {
    assert.equal(table.has(id, 9 + index), true);
    assert.equal(table.has(id, 10 + index), false);
  }
});

test("a full table refuses, and takes an id again when one has expired", () => {
  const table = new IdTable(2);
  for (const number of [1, 2]) assert.equal(table.add(idOf(number), 5 * number, 0), undefined);
  assert.equal(table.add(idOf(3), 9, 4), "full");
  assert.equal(table.has(idOf(3), 4), false);
  assert.equal(table.add(idOf(2), 10, 4), undefined);
  assert.equal(table.add(idOf(3), 9, 5), undefined);
  assert.equal(table.add(idOf(4), 9, 5), "full");
});

describe("One call sweeps", () => {
  test("the expired ids of the part that it adds to", (t) => {
    const table = new IdTable(PARTS);
    table.add(idOf(7), 3, 0);
    table.add(idOf(8), 3, 0);
    const add = () => table.add(idOf(7 + PARTS), 9, 3);
    assert.equal(dropped(t, add), 1);
    assert.equal(table.has(idOf(7 + PARTS), 8), true);
  });

  test("nothing else while there is room", (t) => {
    const table = new IdTable(PARTS);
    for (let part = 1; part < PARTS; part++) table.add(idOf(part), 3, 0);
    assert.equal(
      dropped(t, () => table.add(idOf(0), 9, 4)),
      0,
    );
  });

  test(`${PARTS_SWEPT} parts of a full table, and the next call the next ones`, (t) => {
    const table = fullTable((part) => (part === 0 ? 9 : 3));
    const add = (number: number) => () => table.add(idOf(number * PARTS), 9, 4);
    assert.equal(dropped(t, add(1)), PARTS_SWEPT);
    for (let number = 2; number <= PARTS_SWEPT; number++) assert.equal(dropped(t, add(number)), 0);
    assert.equal(dropped(t, add(PARTS_SWEPT + 1)), PARTS_SWEPT);
  });

  test("past parts of which nothing has expired, without counting them", (t) => {
    const table = fullTable((part) => (part < 300 ? 9 : 3));
    assert.equal(
      dropped(t, () => table.add(idOf(PARTS), 9, 4)),
      PARTS_SWEPT,
    );
  });

  test("on until it finds room, if parts only seemed to have expired ids", () => {
    const table = fullTable((part) => (part === 0 ? 9 : 3));
    for (let part = 1; part <= PARTS_SWEPT + 100; part++) table.add(idOf(part), 9, 0);
    assert.equal(table.add(idOf(PARTS), 9, 4), undefined);
  });

  test("every part at most once", (t) => {
    const table = fullTable((part) => (part === PARTS - 1 ? 3 : 9));
    assert.equal(
      dropped(t, () => table.add(idOf(PARTS), 9, 4)),
      1,
    );
    assert.equal(table.add(idOf(PARTS + 1), 9, 4), "full");
  });
});
