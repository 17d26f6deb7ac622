/** A thread of faults.spec.ts: makes and opens tokens, and sends them back. */

import assert from "node:assert/strict";
import { parentPort, workerData } from "node:worker_threads";
import { Fernet } from "../../src/fernet.ts";
import { Jwt } from "../../src/jwt.ts";

export interface Task {
  key: Uint8Array;
  name: string;
  count: number;
}

export interface Made {
  fernet: string[];
  jwt: string[];
}

/** Makes tokens of `name` and a number and opens each at once, with tokens of another key in between. */
export function work({ key, name, count }: Task): Made {
  const own = Buffer.alloc(32, name);
  const [shared, alone] = [new Fernet(key), new Fernet(own)];
  const [sharedJwt, aloneJwt] = [new Jwt(key), new Jwt(own)];
  const made: Made = { fernet: [], jwt: [] };
  for (let index = 0; index < count; index++) {
    const sub = `${name} ${index} ${"x".repeat(index % 97)}`;
    const token = shared.encrypt(sub);
    const jwt = sharedJwt.sign({ sub });
    assert.equal(alone.decryptText(alone.encrypt(sub)), sub);
    assert.equal(aloneJwt.verify(aloneJwt.sign({ sub })).sub, sub);
    assert.equal(shared.decryptText(token), sub);
    assert.equal(sharedJwt.verify(jwt).sub, sub);
    made.fernet.push(token);
    made.jwt.push(jwt);
  }
  return made;
}

if (workerData?.task) parentPort?.postMessage(work(workerData.task));
