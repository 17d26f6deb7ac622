/**
 * A part of `npm run figures`: writes what the commands of docs/command-line.md print, draws the output of `inspect`
 * on a terminal to docs/inspect.svg, and counts files and lines for docs/embedding.md.
 */

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inside } from "../helpers/cli-inside.ts";
import { builtPackage, ROOT } from "../helpers/cli-program.ts";
import { baseOf } from "../helpers/cli-vendor.ts";
import { envelope, seal } from "../helpers/session-cookies.ts";

export const PAGE: string = join(ROOT, "docs/command-line.md");
export const EMBEDDING: string = join(ROOT, "docs/embedding.md");
export const PICTURE: string = join(ROOT, "docs/inspect.svg");

/** Runs shell commands with `bulla` on the path, in a folder that is removed afterwards. */
function inFolder<V>(work: (run: (command: string) => string) => V): V {
  const folder = mkdtempSync(join(tmpdir(), "bulla-page-"));
  const bulla = join(folder, "bulla");
  const program = join(builtPackage() as string, "dist/bin.js");
  writeFileSync(bulla, `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`);
  chmodSync(bulla, 0o700);
  const home = mkdtempSync(join(folder, "home-"));
  const env = { PATH: `${folder}:${process.env.PATH}`, LC_ALL: "C" };
  try {
    return work((command) => {
      // The usual umask. Exported variables last from one command to the next.
      const script = `umask 022; [ -e ../env ] && . ../env; ${command}\nstatus=$?; export -p > ../env; exit $status`;
      const { stdout, stderr, status } = spawnSync("sh", ["-c", script], {
        cwd: home,
        env,
        encoding: "utf8",
        timeout: 30_000,
      });
      return `${stdout}${stderr}${status === 0 ? "" : `[status ${status}]\n`}`;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs each `console` block of a page from top to bottom, and writes the output below every `$ ` line. */
export function withOutput(page: string): string {
  return inFolder((run) =>
    page.replaceAll(/^```console\n([\s\S]*?)^```$/gm, (_, block: string) => {
      const commands = [...block.matchAll(/^\$ (.*(?:\\\n.*)*)$/gm)].map(([, command]) => command);
      const shown = commands.map((command) => {
        const output = run(command as string);
        return `$ ${command}\n${output}${/[^\n]$/.test(output) ? "\n" : ""}`;
      });
      return `\`\`\`console\n${shown.join("")}\`\`\``;
    }),
  );
}

/** Counts a module's files and non-blank lines, and the hours to read them at 300 lines an hour. */
function countsOf(module: string): string {
  const files = [...baseOf([module], true)];
  const lines = files
    .flatMap((file) => readFileSync(join(ROOT, "src", file), "utf8").split("\n"))
    .filter((line) => line.trim() !== "").length;
  return `${files.length} | ${lines} | ${Math.ceil((lines / 300) * 2) / 2}`;
}

/** docs/embedding.md with the counts of each module. */
export function withCounts(page: string): string {
  return page.replaceAll(
    /^\| `(\w+)` \| \d+ \| \d+ \| [\d.]+ \|/gm,
    (_, module: string) => `| \`${module}\` | ${countsOf(module)} |`,
  );
}

/** Runs the example at the end of a command's --help. */
export function runHelp(command: string): { example: string; output: string } {
  return inFolder((run) => {
    const help = run(`bulla ${command} --help`);
    const lines = help.trimEnd().split("\n");
    const last = lines.lastIndexOf("");
    const example = lines
      .slice(last + 1)
      .map((line) => line.slice(2))
      .join("\n");
    return { example, output: run(`set -e; ${example}`) };
  });
}

const SECRET = "a secret of the documentation alone";
const LINE = 19;
const COLUMN = 8.43;
const COLOURS: Record<string, string> = {
  "1": "#ffffff",
  "2": "#8b949e",
  "31": "#ff7b72",
  "32": "#7ee787",
  "33": "#e3b341",
  "36": "#79c0ff",
};

/** Draws what a terminal shows, with its colours. */
export function pictureOf(command: string, output: string): string {
  const lines = [`\x1b[2m$\x1b[0m ${command}`, ...output.trimEnd().split("\n")];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
  const bare = lines.map((line) => line.replaceAll(/\x1b\[\d+m/g, ""));
  const width = Math.ceil(Math.max(...bare.map((line) => line.length)) * COLUMN) + 32;
  const height = lines.length * LINE + 28;
  const rows = lines.map((line, index) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
    const spans = [...line.matchAll(/\x1b\[(\d+)m(.*?)\x1b\[0m|([^\x1b]+)/g)].map(
      ([, colour, painted, plain]) =>
        colour === undefined
          ? xmlOf(plain as string)
          : `<tspan fill="${COLOURS[colour]}">${xmlOf(painted as string)}</tspan>`,
    );
    return `<text x="16" y="${28 + index * LINE}" xml:space="preserve">${spans.join("")}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="What bulla inspect tells of a session cookie">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="#c9d1d9">
${rows.join("\n")}
</g>
</svg>
`;
}

function xmlOf(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Draws the picture of a session of type jwt, whose cookie is the same each time. */
export async function picture(): Promise<string> {
  const now = 1_795_867_836;
  const times = { iat: now - 7200, exp: now - 7200 + 14 * 86_400 };
  const value = seal("jwt", envelope({ user: "tom", roles: ["author"] }, times), {
    secret: SECRET,
  });
  const field = `Set-Cookie: __Host-session=${value}; Max-Age=1209600; Path=/; HttpOnly; Secure; SameSite=Lax`;
  const args = ["inspect", "--secret", "env:SECRET", "--now", `${now}`];
  const { stdout } = await inside(args, { in: field, env: { SECRET }, terminal: true });
  return pictureOf("pbpaste | npx bulla inspect --secret env:SECRET", stdout);
}

if (import.meta.filename === process.argv[1]) {
  writeFileSync(PAGE, withOutput(readFileSync(PAGE, "utf8")));
  writeFileSync(PICTURE, await picture());
  writeFileSync(EMBEDDING, withCounts(readFileSync(EMBEDDING, "utf8")));
}
