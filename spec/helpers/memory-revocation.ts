/** Lists of memoryRevocation whose clock the test moves, and what hears that one is full. */

import assert from "node:assert/strict";
import { type MemoryRevocation, memoryRevocation, SessionError } from "../../src/session.ts";
import { NOW } from "./session-cookies.ts";
import { sessionRefusal } from "./session-visit.ts";

/** A list whose clock the test moves. */
export class Timed {
  now = NOW;
  readonly clock = (): number => this.now;
  readonly list: MemoryRevocation;
  constructor(limit?: number) {
    const { clock } = this;
    this.list = memoryRevocation(limit === undefined ? { clock } : { limit, clock });
  }
}

/** The error that says that it is full. */
export function full(limit: number): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof SessionError);
    const { name, message, cause } = error;
    assert.deepEqual({ ...error, name, message }, sessionRefusal("ERR_SESSION_REVOCATION"));
    assert.equal((cause as Error).message, `the list is full: ${limit} ids`);
    return true;
  };
}
