/** Draws the bars that README.md shows, from the results of the newest Node measured. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Result, Timing } from "./harness.ts";
import { duration } from "./report.ts";

interface Panel {
  readonly id: string;
  readonly title: string;
  readonly names: readonly string[];
}

const TOKENS = ["bulla", "fast-jwt", "jsonwebtoken", "jose"];
const FRAMES = ["bulla", "node:crypto", "fernet-nodejs", "fernet"];
const COOKIES = ["bulla", "bulla, jwt", "cookie-session", "iron-session"];
const PANELS: readonly Panel[] = [
  { id: "jwt.sign.120", title: "JWT sign", names: TOKENS },
  { id: "fernet.encrypt.120", title: "Fernet encrypt", names: FRAMES },
  { id: "jwt.verify.120", title: "JWT verify", names: TOKENS },
  { id: "fernet.decrypt.120", title: "Fernet decrypt", names: FRAMES },
  { id: "session.read", title: "Session read", names: COOKIES },
  { id: "session.write", title: "Session read and write", names: COOKIES },
];

const WIDTH = 880;
const MARGIN = 28;
const GAP = 44;
const COLUMN = (WIDTH - 2 * MARGIN - GAP) / 2;
const LABEL = 106;
const FIGURES = 112;
const BAR = COLUMN - LABEL - FIGURES;
const ROW = 24;
const THICK = 14;
const HEADING = 30;
const TOP = 84;
/** A longer bar than this many times bulla's is broken, or bulla's would be a line. */
const LONGEST = 6;

const STYLE = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #3d4451; }
  .name { text-anchor: end; }
  .ours { font-weight: 600; fill: #14181f; }
  .title { font-size: 17px; font-weight: 600; fill: #14181f; }
  .panel { font-size: 14px; font-weight: 600; fill: #14181f; }
  .note { font-size: 12px; fill: #6b7280; }
  .figure { font-variant-numeric: tabular-nums; }
  .bar { fill: #c3c8d1; }
  .over { fill: #e3a574; }
  .floor { fill: #b4551d; }
  .break { stroke: #ffffff; stroke-width: 3; }
  .ground { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #b3bac6; }
    .ours, .title, .panel { fill: #f0f2f5; }
    .note { fill: #8b93a1; }
    .bar { fill: #4a515d; }
    .over { fill: #8f5029; }
    .floor { fill: #e88a4a; }
    .break { stroke: #0d1117; }
    .ground { fill: #0d1117; }
  }`;

export function draw(folder: URL): void {
  const majors = readdirSync(folder).map((name) => Number(/^node-(\d+)\.json$/.exec(name)?.[1]));
  const newest = Math.max(...majors.filter((major) => !Number.isNaN(major)));
  const text = readFileSync(new URL(`node-${newest}.json`, folder), "utf8");
  const { node, results } = JSON.parse(text) as { node: string; results: Result[] };
  writeFileSync(new URL("bench.svg", folder), picture(node, results));
}

function picture(node: string, results: readonly Result[]): string {
  const parts: string[] = [];
  let y = TOP;
  for (let index = 0; index < PANELS.length; index += 2) {
    const pair = PANELS.slice(index, index + 2).map((panel) => ({
      panel,
      timings: timingsOf(results, panel),
    }));
    for (const [column, { panel, timings }] of pair.entries()) {
      parts.push(drawPanel(panel, timings, MARGIN + column * (COLUMN + GAP), y));
    }
    const rows = Math.max(...pair.map(({ panel }) => panel.names.length));
    y += HEADING + rows * ROW + 22;
  }
  const height = y + 22;
  const subtitle = `Node ${node} · tokens of 120 bytes, a session of one user · less is better`;
  const legend = "dark: the JSON, SHA-256 and AES calls that none can do without · npm run bench";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>Time an operation takes with bulla and with others</title>
<style>${STYLE}
</style>
<rect class="ground" width="${WIDTH}" height="${height}" rx="8"/>
<text class="title" x="${MARGIN}" y="34">Time an operation takes</text>
<text class="note" x="${MARGIN}" y="53">${subtitle}</text>
${parts.join("\n")}
<text class="note" x="${MARGIN}" y="${height - 18}">${legend}</text>
</svg>
`;
}

function drawPanel(panel: Panel, timings: readonly Timing[], x: number, y: number): string {
  const shown = panel.names.flatMap((name) => timings.filter((timing) => timing.name === name));
  const ours = shown[0]?.best ?? 1;
  const floor = timings.find((timing) => timing.floor)?.best ?? 0;
  const whole = shown.filter(({ best }) => best <= ours * LONGEST);
  const scale = BAR / Math.max(...whole.map(({ best }) => best));
  const from = x + LABEL;
  const rows = shown.map(({ name, best }, index) => {
    const top = y + HEADING + index * ROW - 12;
    const middle = top + THICK / 2 + 4.5;
    const length = Math.min(best * scale, BAR);
    const bar =
      index > 0
        ? rectangle("bar", from, top, length) + (best * scale > BAR ? gap(from, top) : "")
        : rectangle("over", from, top, length) + rectangle("floor", from, top, floor * scale);
    const kind = index === 0 ? " ours" : "";
    const times = index === 0 ? "" : `  ${multiple(best / ours)}`;
    return `<text class="name${kind}" x="${from - 10}" y="${middle}">${name}</text>
${bar}<text class="figure${kind}" x="${round(from + length + 8)}" y="${middle}">${
      duration(best).replace("us", "µs") + times
    }</text>`;
  });
  return `<text class="panel" x="${x}" y="${y}">${panel.title}</text>\n${rows.join("\n")}`;
}

function rectangle(kind: string, x: number, y: number, width: number): string {
  if (width === 0) return "";
  return `<rect class="${kind}" x="${x}" y="${y}" width="${round(width)}" height="${THICK}" rx="2"/>`;
}

/** The break in a bar that does not fit the picture. */
function gap(from: number, top: number): string {
  const x = from + BAR * 0.82;
  const stroke = (at: number): string =>
    `<path class="break" d="M${round(at)} ${top + THICK + 2}l6 -${THICK + 4}"/>`;
  return stroke(x) + stroke(x + 8);
}

function timingsOf(results: readonly Result[], { id }: Panel): readonly Timing[] {
  return results.find((result) => result.id === id)?.timings ?? [];
}

function multiple(ratio: number): string {
  return `${ratio < 10 ? ratio.toFixed(1) : Math.round(ratio)} ×`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
