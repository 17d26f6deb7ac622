/** The drawings: loose tokens, a sealed tablet, a bulla, and the frieze a cylinder seal rolls out. */

import { Html, html } from "./html.ts";
import type { Type } from "./token.ts";

// Each wedge of a sign is x, y, turn and length.
const SIGNS = [
  "3 2 0 1, 10 2 0 1, 17 2 0 1",
  "1 6 -90 .8, 1 13 -90 .8, 1 20 -90 .8, 21 2 0 1",
  "4 3 -45 .9, 20 3 45 .9, 12 10 0 .7",
  "1 12 -90 1, 12 1 0 1, 19 6 0 .6",
  "6 1 -30 .6, 6 14 -30 .6, 15 1 -30 .6, 15 14 -30 .6",
  "2 4 -90 .9, 2 20 -90 .9, 7 8 -45 .5, 15 8 -45 .5",
].map((sign) => sign.split(", ").map(wedge).join(""));

// A wedge as a stylus leaves it: a triangular head and a tail.
function wedge(place: string): string {
  const [x = 0, y = 0, turn = 0, length = 1] = place.split(" ").map(Number);
  const [neck, tip] = [6 * length, 22 * length];
  return `<path transform="translate(${x} ${y}) rotate(${turn})"
d="M-3.6 0 3.6 0 1 ${neck} .4 ${tip}-.4 ${tip}-1 ${neck}z"/>`;
}

function signs(step: number): string {
  return SIGNS.map((sign, i) => `<g transform="translate(${i * step} 0)">${sign}</g>`).join("");
}

const NS = 'xmlns="http://www.w3.org/2000/svg"';

/** One turn of the seal; the page repeats it, and colours it through a mask. */
export const frieze = `<svg ${NS} width="204" height="28" viewBox="-4 -1 204 28">
${signs(34)}</svg>`;

export const icon = `<svg ${NS} viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="#a8482a"/>
<g fill="#fbeee0" transform="translate(4.6 4.6)">${SIGNS[2]}</g></svg>`;

/** The clay that all figures are made of: light from above left on a grained surface. */
export const clay = new Html(`<svg class="defs" aria-hidden="true" width="0" height="0">
<filter id="clay" x="-10%" y="-10%" width="120%" height="120%" color-interpolation-filters="sRGB">
<feTurbulence type="fractalNoise" baseFrequency=".035 .05" numOctaves="4" seed="7"/>
<feDiffuseLighting surfaceScale="1.6" diffuseConstant="1.15" lighting-color="#fff" result="grain">
<feDistantLight azimuth="235" elevation="58"/></feDiffuseLighting>
<feBlend in="grain" in2="SourceGraphic" mode="multiply" result="lit"/>
<feComposite in="lit" in2="SourceGraphic" operator="in"/></filter>
<radialGradient id="round" cx=".36" cy=".3" r=".8"><stop class="lit" offset="0"/>
<stop class="mid" offset=".55"/><stop class="dim" offset="1"/></radialGradient>
<linearGradient id="flat" x2=".35" y2="1"><stop class="lit" offset="0"/>
<stop class="mid" offset=".6"/><stop class="dim" offset="1"/></linearGradient>
<g id="wedges">${signs(30)}</g></svg>`);

// A disc with a cross was the token for one sheep.
function disc(x: number, y: number, r: number): string {
  const arm = r * 0.62;
  return `<g transform="translate(${x} ${y})">
<ellipse class="shade" cx="2" cy="${r * 0.42}" rx="${r}" ry="${r * 0.82}"/>
<circle class="round" r="${r}"/><path class="cut" d="M${-arm} 0H${arm}M0 ${-arm}V${arm}"/></g>`;
}

function grid(count: number, columns: number, gap: number): [number, number][] {
  return Array.from({ length: count }, (_, i) => {
    const row = Math.floor(i / columns);
    const inRow = Math.min(columns, count - row * columns);
    return [((i % columns) - (inRow - 1) / 2) * gap, row * gap];
  });
}

function loose(sheep: number): string {
  const shown = Math.min(sheep, 15);
  const [r, columns] = shown > 6 ? [16, 5] : shown > 3 ? [22, 3] : [25, 3];
  const gap = r * 2.35;
  const top = 104 - ((Math.ceil(shown / columns) - 1) * gap) / 2;
  const discs = grid(shown, columns, gap).map(([x, y], i) => {
    const nudge = [-5, 6, -2, 4, -6][i % 5] ?? 0;
    return disc(168 + x, top + y - nudge, r);
  });
  return `<ellipse class="shade" cx="50" cy="124" rx="29" ry="11"/>
<path class="flat" d="M46 44c3-3 7-3 9 0 7 22 18 46 20 64 1 13-51 13-50 0 2-18 14-42 21-64z"/>
<ellipse class="shade" cx="289" cy="136" rx="21" ry="10"/>
<circle class="round" cx="286" cy="122" r="19"/>
${discs.join("")}`;
}

function tablet(sheep: number): string {
  const shown = Math.min(sheep, 14);
  const top = shown > 7 ? 60 : 72;
  const marks = grid(shown, 7, 24).map(([x, y]) => {
    return `<g transform="translate(${160 + x} ${top + y})"><circle class="press" r="8.5"/>
<path class="cut thin" d="M-5 0H5M0-5V5"/></g>`;
  });
  return `<ellipse class="shade" cx="164" cy="172" rx="104" ry="9"/>
<g transform="rotate(-2 160 100)">
<path class="flat" d="M66 40c2-14 20-15 40-16 40-2 76-2 112 1 22 1 34 4 36 18 4 38
4 72 0 106-2 14-16 17-36 18-38 3-78 2-112 0-22-1-38-3-40-17-4-38-4-74 0-110z"/>
${marks.join("")}<path class="band" d="M65 108c62 4 126 4 190 0v36c-62 5-128 5-189 0z"/>
<use class="incised" href="#wedges" x="-2" y="0" transform="translate(74 113.5)"/></g>`;
}

function bulla(): string {
  return `<ellipse class="shade" cx="166" cy="176" rx="70" ry="9"/>
<path class="round" d="M160 20c46-1 80 30 82 76 2 46-32 82-80 83-50
1-84-34-84-82 0-46 36-76 82-77z"/>
<clipPath id="ball">
<path d="M160 22c45-1 78 30 80 74 2 45-31 80-78 81-49 1-82-33-82-80 0-45 35-74 80-75z"/></clipPath>
<g clip-path="url(#ball)"><path class="band" d="M70 84c60 16 122 16 182 0v38c-60 16-122 16-182 0z"/>
<g class="incised"><use href="#wedges" transform="translate(74 96)"/></g>
<g class="incised" transform="translate(148 40)">${SIGNS[2]}</g>
<g class="incised" transform="translate(148 146) scale(.8)">${SIGNS[0]}</g></g>`;
}

const CRACK = `<path class="crack" d="M188 12l-10 26 14 18-16 24 12 22-20 20 10 22-16 20 6 22
M192 56l22 8M176 80l-26 6M168 122l-20 12"/>`;

/** The drawing for a session of this type, with the sheep that can be seen from outside. */
export function figure(type: Type, sheep: number, broken: boolean): Html {
  const seen = Number.isSafeInteger(sheep) && sheep > 0 ? sheep : 0;
  const drawn = { base64: () => loose(seen), jwt: () => tablet(seen), fernet: bulla }[type]();
  return html`<svg class="figure" viewBox="0 0 320 190" aria-hidden="true">
${new Html(drawn)}${broken && type !== "base64" && new Html(CRACK)}</svg>`;
}
