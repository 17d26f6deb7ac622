/** Reads JUnit reports of Node, Bun and Deno: the full name of each test, and its result. */

export type Ending = "passed" | "failed" | "skipped";

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** A tag, whose attributes may hold a `>`: Node does not escape it. */
const ATTRIBUTES = `((?:[^>"]|"[^"]*")*?)`;
const ELEMENTS = new RegExp(
  `<testsuite ${ATTRIBUTES}>|(</testsuite>)|<testcase ${ATTRIBUTES}(?:/>|>(.*?)</testcase>)`,
  "gs",
);

/**
 * Each test as `suite > test`, sorted by name. Node and Bun nest suites, and Bun's first one is the file.
 * Deno lists each suite as a test too, and all steps on one level.
 */
export function endings(report: string): [name: string, ending: Ending][] {
  const suites: string[] = [];
  const found: [string, Ending][] = [];
  for (const [, suite, end, test, content = ""] of report.matchAll(ELEMENTS)) {
    if (suite !== undefined) suites.push(nameOf(suite));
    else if (end !== undefined) suites.pop();
    else {
      const outer = suites.filter((name) => !/\.spec\.ts$|^ext:/.test(name));
      found.push([[...outer, nameOf(test ?? "")].join(" > "), endingOf(content)]);
    }
  }
  const above = new Set(found.flatMap(([name]) => suitesOf(name)));
  return found
    .filter(([name]) => !above.has(name))
    .sort(([one], [other]) => Number(one > other) - Number(one < other));
}

function suitesOf(name: string): string[] {
  const parts = name.split(" > ");
  return parts.map((_, index) => parts.slice(0, index).join(" > "));
}

function endingOf(content: string): Ending {
  if (/<(?:failure|error)\b/.test(content)) return "failed";
  return content.includes("<skipped") ? "skipped" : "passed";
}

function nameOf(attributes: string): string {
  const [, name = ""] = /\bname="([^"]*)"/.exec(attributes) ?? [];
  // Node escapes its quotes twice.
  return unescaped(unescaped(name));
}

function unescaped(text: string): string {
  return text.replaceAll(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, entity) => {
    if (entity !== undefined) return ENTITIES[entity] ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}
