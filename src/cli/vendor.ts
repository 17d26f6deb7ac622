/** `bulla vendor`: copies a module's trusted base into a folder, and checks that it is unchanged. */

import { unknownWord } from "./args.ts";
import { Failure, misuse, REFUSED, WRONG, withFile } from "./failure.ts";
import { emit, type Io, versionOf } from "./io.ts";
import type { Command } from "./main.ts";
import { escaped, json } from "./text.ts";
import {
  compare,
  contentsOf,
  type Difference,
  editsOf,
  type Found,
  type Manifest,
  manifestOf,
  write,
} from "./vendor-folder.ts";
import { type Kind, MANIFEST, MODULES, planOf } from "./vendor-plan.ts";

const MOST_NAMES = 20;

export const vendor: Command = {
  options: { check: "flag", ts: "flag" },
  words: { most: Infinity, otherwise: "" },
  run(args, io) {
    const { words } = args;
    if (args.has("check")) {
      if (words.length !== 1) throw misuse("vendor --check takes one folder");
      if (args.has("ts")) throw misuse(`--ts is not for --check: ${MANIFEST} says it`);
      checkFolder(io, words[0] as string, args.has("json"));
      return;
    }
    const [folder, ...named] = words.toReversed();
    if (folder === undefined || named.length === 0) {
      throw misuse(`vendor takes modules, then a folder: ${MODULES.join(", ")}`);
    }
    const modules = MODULES.filter((name) => named.includes(name));
    const unknown = named.find((name) => !MODULES.includes(name));
    if (unknown !== undefined) throw unknownWord(unknown, "module", MODULES);
    writeFolder(io, folder, modules, args.has("ts") ? "ts" : "js", args.has("json"));
  },
};

function writeFolder(
  io: Io,
  folder: string,
  modules: readonly string[],
  kind: Kind,
  asJson: boolean,
): void {
  const plan = planOf(io.root, modules, kind);
  const found = withFile("the folder", () => contentsOf(folder));
  const edits = found === undefined ? [] : editsOf(found);
  if (edits.length > 0) {
    const said = "not bulla's, or edited, and not overwritten";
    throw new Failure(WRONG, "EEXIST", `${said}: ${listed(edits)}`);
  }
  withFile("the folder", () => write(folder, plan, found));
  const version = versionOf(io.root);
  const told = { bulla: version, modules, kind, files: plan.size };
  const text = `${modules.join(", ")} of bulla ${version}: ${plan.size} files; check.${kind} runs the vectors`;
  emit(io, undefined, asJson ? `${json(told)}\n` : `${text}\n`);
}

/** Compares with this command's own output: who edits a file can edit the manifest too. */
function checkFolder(io: Io, folder: string, asJson: boolean): void {
  const version = versionOf(io.root);
  const found = withFile("the folder", () => contentsOf(folder));
  if (found === undefined || found.size === 0) {
    throw new Failure(WRONG, "ENOENT", "there is no such folder, or nothing in it");
  }
  const manifest = manifestOf(found);
  if (manifest !== undefined && manifest.bulla !== version) {
    const advice = "check it with that version of the command";
    throw new Failure(REFUSED, "ERR_VENDOR", `${MANIFEST} is not of bulla ${version}: ${advice}`);
  }
  const differences: Difference[] =
    manifest === undefined
      ? [{ what: found.has(MANIFEST) ? "edited" : "missing", file: MANIFEST }]
      : differencesOf(io.root, found, manifest);
  const good = differences.length === 0;
  if (asJson) emit(io, undefined, `${json({ good, bulla: version, differences })}\n`);
  else if (good) {
    emit(io, undefined, `${found.size} files, as bulla ${version} writes them\n`);
  } else {
    const lines = differences.map(({ what, file }) => `${what}: ${escaped(file)}\n`);
    emit(io, undefined, lines.join(""));
  }
  if (good) return;
  const names = listed(differences.map(({ what, file }) => `${what} ${file}`));
  throw new Failure(REFUSED, "ERR_VENDOR", `not as bulla ${version} writes it: ${names}`);
}

function differencesOf(root: URL, found: Found, { modules, kind }: Manifest): Difference[] {
  const known = new Set(planOf(root, MODULES, kind).keys());
  return compare(found, planOf(root, modules, kind), known);
}

/** Lists names for a message, only a few of many. */
function listed(names: readonly string[]): string {
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
  return names.slice(0, MOST_NAMES).map(escaped).join(", ") + more;
}
