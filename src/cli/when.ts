/** Seconds since the epoch in ISO 8601 and in words. */

/** The most that a Date holds, 8.64e15 milliseconds either way (ECMA-262 section 21.4.1.1). */
const MOST = 8.64e12;

const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** Writes 2026-11-28T11:50:36Z; undefined beyond the years of a Date. */
export function isoOf(seconds: number): string | undefined {
  if (!(Math.abs(seconds) <= MOST)) return undefined;
  return new Date(Math.floor(seconds) * 1000).toISOString().replace(".000Z", "Z");
}

/** Writes "in 3 days", "2 hours ago" or "now". */
export function whenOf(seconds: number, now: number): string {
  const difference = Math.trunc(seconds - now);
  if (difference === 0) return "now";
  const words = durationOf(Math.abs(difference));
  return difference > 0 ? `in ${words}` : `${words} ago`;
}

/** Writes "14 days": the largest unit that fits, and the next one if there are few of it. */
export function durationOf(seconds: number): string {
  const index = UNITS.findIndex(([, size]) => seconds >= size);
  if (index < 0) return `${seconds} seconds`;
  const [name, size] = UNITS[index] as (typeof UNITS)[number];
  const count = Math.floor(seconds / size);
  const words = counted(count, name);
  const [lesser, small] = UNITS[index + 1] ?? ["", Infinity];
  const rest = Math.floor((seconds - count * size) / small);
  return count < 3 && rest > 0 ? `${words} ${counted(rest, lesser)}` : words;
}

export function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
