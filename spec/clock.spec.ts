/** A call without `now` uses the system's clock, in milliseconds. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Fernet } from "../src/fernet.ts";
import { Jwt } from "../src/jwt.ts";

const SECOND = 1_700_000_000;

/** Runs `call` with the system's clock at a time in seconds. */
function at<T>(seconds: number, call: () => T): T {
  const { now } = Date;
  Date.now = () => seconds * 1000;
  try {
    return call();
  } finally {
    Date.now = now;
  }
}

const code = (call: () => unknown): string => {
  try {
    call();
    return "accepted";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test("verify compares with fractions of a second", () => {
  const jwt = new Jwt("k".repeat(32));
  const expiring = jwt.sign({ exp: SECOND + 0.5 });
  assert.equal(
    at(SECOND + 0.499, () => code(() => jwt.verify(expiring))),
    "accepted",
  );
  assert.equal(
    at(SECOND + 0.5, () => code(() => jwt.verify(expiring))),
    "ERR_TOKEN_EXPIRED",
  );
  const starting = jwt.sign({ nbf: SECOND + 0.5 });
  assert.equal(
    at(SECOND + 0.499, () => code(() => jwt.verify(starting))),
    "ERR_TOKEN_NOT_ACTIVE",
  );
  assert.equal(
    at(SECOND + 0.5, () => code(() => jwt.verify(starting))),
    "accepted",
  );
});

test("sign and encrypt write whole seconds", () => {
  const jwt = new Jwt("k".repeat(32), { expiresIn: 60 });
  assert.deepEqual(
    at(SECOND + 0.999, () => jwt.verify(jwt.sign({}))),
    { iat: SECOND, exp: SECOND + 60 },
  );
  const fernet = new Fernet(Fernet.generateKey());
  assert.equal(fernet.timestamp(at(SECOND + 0.999, () => fernet.encrypt(""))), SECOND);
});
