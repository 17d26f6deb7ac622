/** Results as text. */

import type { Result } from "./harness.ts";
import type { Load } from "./imports.ts";
import type { Verdict } from "./thresholds.ts";

/** A case's contenders: best and median, and how many times bulla's time each takes. */
export function printResult({ title, timings }: Result): void {
  const [ours] = timings;
  console.log(
    `\n${title.padEnd(44)}${"best".padStart(12)}${"median".padStart(12)}${"x".padStart(9)}`,
  );
  for (const { name, best, median } of timings) {
    const ratio = best / (ours?.best ?? best);
    console.log(
      `  ${name.padEnd(42)}${duration(best).padStart(12)}${duration(median).padStart(12)}` +
        ratio.toFixed(ratio < 10 ? 2 : 1).padStart(9),
    );
  }
}

export function printImports(loads: readonly Load[]): void {
  console.log(
    `\n${"import, in a process of its own".padEnd(44)}${"ms".padStart(12)}${"heap KiB".padStart(12)}`,
  );
  for (const { name, milliseconds, heapKiB } of loads) {
    const figures = milliseconds.toFixed(1).padStart(12) + heapKiB.toFixed(0).padStart(12);
    console.log(`  ${name.padEnd(42)}${figures}`);
  }
}

/** Prints the thresholds; returns true if all of them hold. */
export function printVerdicts(verdicts: readonly Verdict[]): boolean {
  console.log("\nthresholds");
  for (const { what, ratio, bound, kind, holds } of verdicts) {
    const mark = holds ? "pass" : "FAIL";
    console.log(`  ${mark}  ${what.padEnd(52)}${ratio.toFixed(2).padStart(8)}  ${kind} ${bound}`);
  }
  const failed = verdicts.filter(({ holds }) => !holds).length;
  console.log(failed === 0 ? "\nall hold" : `\n${failed} of ${verdicts.length} do not hold`);
  return failed === 0;
}

/** Three figures and a unit. */
export function duration(nanoseconds: number): string {
  if (nanoseconds < 999.5) return `${nanoseconds.toPrecision(3)} ns`;
  if (nanoseconds < 999_500) return `${(nanoseconds / 1e3).toPrecision(3)} us`;
  return `${(nanoseconds / 1e6).toPrecision(3)} ms`;
}
