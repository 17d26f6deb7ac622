/**
 * A reporter of node:test for mutation testing: TAP that says no names, since Stryker's parser trips over a
 * byte order mark or a line separator in one, and tells of a failure at once, since one ends the run.
 */

import type { TestEvent } from "node:test/reporters";

export default async function* bareTap(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let count = 0;
  yield "TAP version 13\n";
  for await (const { type, data } of events) {
    if (type === "test:fail") yield `not ok ${++count}\n`;
    else if (type === "test:pass" && data.nesting === 0) yield `ok ${++count}\n`;
  }
  yield `1..${count}\n`;
}
