/** Python's `cryptography` as a child process: a JSON request a line in, an answer a line out. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

// Debian's own interpreter sees Debian's packages; another python3 on the PATH may not.
const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";
const SCRIPT = fileURLToPath(new URL("peer.py", import.meta.url));

/** A request to `peer.py`; bytes are base64 text, times are seconds. */
export type PythonRequest =
  | { op: "encrypt"; key: string; message: string; now: number }
  | { op: "decrypt"; key: string; token: string; ttl?: number; now: number }
  | { op: "rotate"; keys: string[]; token: string }
  | { op: "derive"; secret: string; info: string };

export interface PythonAnswer {
  token?: string;
  message?: string;
  timestamp?: number;
  key?: string;
  /** The name of the exception that Python raised. */
  error?: string;
}

/** The answers to all requests, in their order. Throws where Python or its package is missing. */
export function python(requests: PythonRequest[]): PythonAnswer[] {
  const lines = requests.map((request) => `${JSON.stringify(request)}\n`).join("");
  const { status, error, stdout, stderr } = spawnSync(PYTHON, [SCRIPT], {
    input: lines,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    timeout: 60_000,
  });
  if (error !== undefined || status !== 0) {
    const needed = `${PYTHON} with the package "cryptography" (Debian: python3-cryptography)`;
    throw new Error(`${needed} is needed\n${stderr}`, { cause: error });
  }
  const answers = stdout.trimEnd().split("\n");
  if (answers.length !== requests.length) throw new Error("Python gave too few answers");
  return answers.map((line) => JSON.parse(line) as PythonAnswer);
}
