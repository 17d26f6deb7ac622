/** Times contenders in turns, so that whatever slows the machine slows them all. */

export interface Contender {
  readonly name: string;
  /** One operation; `turn` counts up, to choose among inputs. A Promise is awaited. */
  readonly run: (turn: number) => unknown;
  /** A lower bound: only the runtime's calls that no contender can avoid. */
  readonly floor?: boolean;
}

export interface Case {
  /** The name of the case in thresholds.ts and svg.ts. */
  readonly id: string;
  readonly title: string;
  readonly contenders: readonly Contender[];
}

/** Nanoseconds an operation. */
export interface Timing {
  readonly name: string;
  readonly best: number;
  readonly median: number;
  readonly floor: boolean;
}

export interface Result {
  readonly id: string;
  readonly title: string;
  readonly timings: readonly Timing[];
}

export interface Effort {
  readonly rounds: number;
  /** How long a contender runs in one round, in milliseconds. */
  readonly slice: number;
  /** How long it runs before the measurement, so that it is compiled. */
  readonly warmup: number;
}

export const FULL: Effort = { rounds: 50, slice: 16, warmup: 250 };
export const QUICK: Effort = { rounds: 12, slice: 6, warmup: 40 };

/** A contender that is slower than a slice gets fewer rounds, but at least this many. */
const LEAST_ROUNDS = 3;

interface Runner {
  readonly contender: Contender;
  readonly samples: number[];
  operations: number;
  spent: number;
}

/** The results of operations, kept so that the compiler does not remove the work. */
export const kept: { value: unknown; sum: number } = { value: undefined, sum: 0 };

export async function measure(subject: Case, effort: Effort): Promise<Result> {
  const runners: Runner[] = [];
  for (const contender of subject.contenders) {
    const runner = { contender, samples: [], operations: 1, spent: 0 };
    await warmUp(runner, effort);
    runners.push(runner);
  }
  const allowance = effort.rounds * effort.slice * 2;
  for (let round = 0; round < effort.rounds; round++) {
    for (let place = 0; place < runners.length; place++) {
      const runner = runners[(round + place) % runners.length] as Runner;
      if (runner.spent > allowance && runner.samples.length >= LEAST_ROUNDS) continue;
      const elapsed = await batch(runner.contender, runner.operations);
      runner.spent += elapsed;
      runner.samples.push((elapsed * 1e6) / runner.operations);
    }
  }
  return { id: subject.id, title: subject.title, timings: runners.map(timing) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

function timing({ contender, samples }: Runner): Timing {
  const { name, floor = false } = contender;
  return { name, best: Math.min(...samples), median: median(samples), floor };
}

async function warmUp(runner: Runner, { warmup, slice }: Effort): Promise<void> {
  let operations = 1;
  for (let spent = 0; spent < warmup; ) {
    const elapsed = await batch(runner.contender, operations);
    spent += elapsed;
    runner.operations = Math.max(1, Math.round((operations * slice) / Math.max(elapsed, 1e-3)));
    operations = Math.min(operations * 2, runner.operations);
  }
}

/** Runs that many operations, and returns the milliseconds. */
async function batch({ run }: Contender, operations: number): Promise<number> {
  const first = run(0);
  if (first instanceof Promise) {
    await first;
    const start = performance.now();
    for (let turn = 0; turn < operations; turn++) kept.value = await run(turn);
    return performance.now() - start;
  }
  const start = performance.now();
  for (let turn = 0; turn < operations; turn++) {
    const value = run(turn);
    // A string can be a rope of pieces: reading a character joins them.
    if (typeof value === "string") kept.sum += value.charCodeAt(0);
    else kept.value = value;
  }
  return performance.now() - start;
}
