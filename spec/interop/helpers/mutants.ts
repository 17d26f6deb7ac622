/** The mutants of a source: those of Stryker's mutators, and one without each statement. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Instrumenter } from "@stryker-mutator/instrumenter";
import ts from "typescript5";

export interface Mutant {
  readonly file: string;
  /** The line where it begins, trimmed: an entry in equivalent.json outlives changes elsewhere in the file. */
  readonly line: string;
  readonly was: string;
  readonly now: string;
  /** The source with the mutant, as JavaScript. */
  readonly code: string;
  /** The instrumented source reports this number when a spec reaches the mutant. */
  readonly id: string;
  readonly from: number;
  readonly to: number;
}

/** The part of a path of Babel's traversal that our mutator uses. */
interface Path {
  readonly node: { readonly type: string; readonly alternate?: unknown; readonly body?: unknown };
  readonly parent: Path["node"];
}

const REMOVED = new Set([
  ...["ExpressionStatement", "ReturnStatement", "ThrowStatement", "BreakStatement"],
  ...["ContinueStatement", "IfStatement", "ForStatement", "ForOfStatement", "WhileStatement"],
]);

/**
 * Removes a statement. Three kinds are left to equal mutants of Stryker: the only statement of a block (it empties the
 * block), the only one under an `if`, and an `if` without `else` (it makes the condition false).
 */
const statementRemoval = {
  name: "StatementRemoval",
  *mutate({ node, parent }: Path): Generator<{ type: "EmptyStatement" }> {
    if (!REMOVED.has(node.type)) return;
    const alone = parent.type === "BlockStatement" && (parent.body as unknown[]).length === 1;
    const conditional = parent.type === "IfStatement" && !parent.alternate;
    const condition = node.type === "IfStatement" && !node.alternate;
    if (!alone && !conditional && !condition) yield { type: "EmptyStatement" };
  },
};

const { allMutators } = await import(
  new URL("mutators/index.js", import.meta.resolve("@stryker-mutator/instrumenter")).href
);
allMutators.push(statementRemoval);

const quiet = () => undefined;
const logger = {
  ...{ isTraceEnabled: () => false, isDebugEnabled: () => false, isInfoEnabled: () => false },
  ...{ isWarnEnabled: () => false, isErrorEnabled: () => false, isFatalEnabled: () => false },
  ...{ trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet },
};

/** The mutants of these files, and the files instrumented to report which mutants a spec reaches, as JavaScript. */
export async function mutantsOf(
  folder: string,
  files: readonly string[],
): Promise<{ mutants: Mutant[]; instrumented: ReadonlyMap<string, string> }> {
  const texts = new Map(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
  const given = files.map((name) => ({ name, content: texts.get(name) ?? "", mutate: true }));
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  const made = await new Instrumenter(logger).instrument(given, options);
  const mutants = made.mutants.flatMap(({ id, fileName, location, replacement, mutatorName }) => {
    const text = texts.get(fileName) as string;
    const lines = text.split("\n");
    const at = ({ line, column }: { line: number; column: number }) =>
      lines.slice(0, line).reduce((sum, { length }) => sum + length + 1, column);
    const [start, end] = [at(location.start), at(location.end)];
    const now = replacement ?? "";
    const [before, after] = [text.slice(0, start), text.slice(end)];
    const code = asJavaScript(`${before}${enclosed(mutatorName, now)}${after}`);
    if (code === undefined) return [];
    const [from, to] = [location.start.line + 1, location.end.line + 1];
    const line = (lines[from - 1] ?? "").trim();
    return [{ file: fileName, line, was: text.slice(start, end), now, code, id, from, to }];
  });
  const instrumented = made.files.map(
    ({ name, content }) => [name, asJavaScript(content) as string] as const,
  );
  return { mutants, instrumented: new Map(instrumented) };
}

/** An expression in parentheses, so that it keeps its operands together. */
function enclosed(mutator: string, replacement: string): string {
  const statement = mutator === "StatementRemoval" || mutator === "BlockStatement";
  return statement || /^(?:case|default|for)\b/.test(replacement)
    ? replacement
    : `(${replacement})`;
}

const OPTIONS: ts.TranspileOptions = {
  reportDiagnostics: true,
  compilerOptions: {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
  },
};

/** A module without its types and with imports of `.js`; undefined where it is not TypeScript. */
export function asJavaScript(text: string): string | undefined {
  const named = text.replace(/(["'`])(\.{1,2}\/[^"'`\n]*)\.ts\1/g, "$1$2.js$1");
  const { outputText, diagnostics = [] } = ts.transpileModule(named, OPTIONS);
  return diagnostics.length === 0 ? outputText : undefined;
}
