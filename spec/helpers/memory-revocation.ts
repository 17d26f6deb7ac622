/** Lists of memoryRevocation with a clock that the test sets, and the error of a full list. */

import assert from "node:assert/strict";
import {
  type MemoryRevocation,
  type MemoryRevocationOptions,
  memoryRevocation,
  SessionError,
} from "../../src/session.ts";
import { NOW } from "./session-cookies.ts";
import type { Listed } from "./session-revocation.ts";
import { sessionRefusal } from "./session-visit.ts";

/** A session for the list, where its facts do not matter. */
export const SOMEBODY: Listed = Object.freeze({
  createdAt: NOW,
  expiresAt: NOW + 1000,
  data: Object.freeze({ user: "tom" }),
});

/** A list with a clock that the test sets. */
export class Timed {
  now = NOW;
  readonly clock = (): number => this.now;
  readonly list: MemoryRevocation;

  constructor(limit?: number, options: MemoryRevocationOptions = {}) {
    const { clock } = this;
    this.list = memoryRevocation({ ...(limit === undefined ? {} : { limit }), clock, ...options });
  }

  revoke(id: string, until: number): void {
    this.list.revoke(id, until, SOMEBODY);
  }

  isRevoked(id: string): boolean {
    return this.list.isRevoked(id, SOMEBODY);
  }
}

const FULL = /^the list is full at \d+ ids: set only, or raise limit$/;

/** Checks the error of a full list: ERR_SESSION_REVOCATION, 503, and a cause that says what to do. */
export function full(error: unknown, why: RegExp = FULL): true {
  assert.ok(error instanceof SessionError, String(error));
  const { name, code, message, status, statusCode } = error;
  assert.deepEqual(
    { name, code, message, status, statusCode },
    sessionRefusal("ERR_SESSION_REVOCATION"),
  );
  assert.match((error.cause as Error).message, why);
  return true;
}
