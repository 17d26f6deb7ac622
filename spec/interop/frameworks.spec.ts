/**
 * One table of behaviour: a row for each thing that a session does, a column for each framework. Each
 * cell is a site of its own, with real connections where the framework has any. The table is printed at
 * the end, and no cell may be missing.
 */

import { deepEqual } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { NOW, SECRET } from "../helpers/session-cookies.ts";
import { EXPRESS } from "./frameworks/express.ts";
import { FASTIFY } from "./frameworks/fastify.ts";
import { FETCH } from "./frameworks/fetch.ts";
import { HEAD_ROWS } from "./frameworks/head-rows.ts";
import { KOA } from "./frameworks/koa.ts";
import { NODE } from "./frameworks/node.ts";
import { type Framework, Gate } from "./frameworks/routes.ts";
import { type Row, SESSION_ROWS } from "./frameworks/rows.ts";
import { Heard, Visitor } from "./frameworks/visitor.ts";
import { type Certificate, certificate } from "./helpers/certificate.ts";

const COLUMNS: Record<string, Framework> = {
  ...NODE,
  ...EXPRESS,
  Koa: KOA,
  "Fastify 5": FASTIFY,
  ...FETCH,
};
const ROWS: Record<string, Row> = { ...SESSION_ROWS, ...HEAD_ROWS };

const held = new Map<string, Set<string>>(Object.keys(ROWS).map((row) => [row, new Set()]));
let tls: Certificate;

before(() => {
  tls = certificate();
});
after(() => console.log(table()));

async function check(framework: Framework, row: Row): Promise<void> {
  const heard = new Heard();
  const gate = new Gate();
  const given = row.options?.() ?? {};
  const options = {
    ...("seal" in given ? {} : { secret: SECRET }),
    clock: () => NOW,
    onInvalid: ({ code }: { code: string }) => heard.invalid.push(code),
    onError: (error: Error) => heard.reported.push(error as never),
    ...given,
  };
  const { client, close } = await framework.start({ options, gate, errors: heard.errors }, tls);
  try {
    const visitor = new Visitor(client, gate);
    const { fetches = false, opens = 1 } = framework;
    await row.check({ visitor, heard, options, fetches, opens });
  } finally {
    gate.open();
    await close();
  }
}

for (const [column, framework] of Object.entries(COLUMNS)) {
  describe(column, () => {
    for (const [name, row] of Object.entries(ROWS)) {
      test(name, { timeout: 10_000 }, async () => {
        await check(framework, row);
        held.get(name)?.add(column);
      });
    }
  });
}

test("no cell is missing", () => {
  const columns = Object.keys(COLUMNS);
  for (const [row, cells] of held) deepEqual([...cells], columns, row);
});

function table(): string {
  const columns = Object.keys(COLUMNS);
  const width = Math.max(...Object.keys(ROWS).map((row) => row.length));
  const line = (first: string, cells: string[]): string =>
    `${first.padEnd(width)} ${cells.map((cell, at) => cell.padEnd(columns[at]?.length ?? 0)).join("  ")}`;
  const rows = [...held].map(([row, cells]) =>
    line(
      row,
      columns.map((column) => (cells.has(column) ? "✓" : "✗")),
    ),
  );
  return [line("", columns), ...rows].map((row) => row.trimEnd()).join("\n");
}
