/**
 * Welch's t-test in the manner of dudect (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant
 * time?", DATE 2017): times of two classes of inputs, as they are and with the slowest cropped.
 */

export interface Sample {
  /** Of each measurement in nanoseconds. */
  readonly times: Float64Array;
  /** 0 or 1. */
  readonly classes: Uint8Array;
}

export interface Test {
  /** The part of the times that counted, 1 for all. */
  readonly kept: number;
  readonly samples: number;
  /** How much the mean of class 1 is above that of class 0, in nanoseconds. */
  readonly difference: number;
  readonly t: number;
}

/**
 * What is slow is mostly the machine's interruptions, and hides small differences. Where the crop has
 * to be is not known, so there are several, closer where more is kept.
 */
const KEPT = [1, 0.999, 0.99, 0.97, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.35, 0.2];

/** One test for each crop that leaves some of both classes, which are cropped at the same time. */
export function tests(sample: Sample): Test[] {
  const sorted = sample.times.slice().sort();
  const all = KEPT.map((kept) => {
    const limit = sorted[Math.ceil(sorted.length * kept) - 1] as number;
    return { kept, ...welch(sample, limit) };
  });
  return all.filter(({ t }) => Number.isFinite(t));
}

/** The test whose t is farthest from zero. */
export function worst(all: readonly Test[]): Test {
  return all.reduce((most, one) => (Math.abs(one.t) > Math.abs(most.t) ? one : most));
}

/** Welch's t of the times up to a limit. */
function welch({ times, classes }: Sample, limit: number): Omit<Test, "kept"> {
  const [a, b] = [new Moments(), new Moments()];
  for (const [index, time] of times.entries()) {
    if (time <= limit) (classes[index] === 0 ? a : b).add(time);
  }
  const difference = b.mean - a.mean;
  const error = Math.sqrt(a.variance / a.count + b.variance / b.count);
  return { samples: a.count + b.count, difference, t: difference / error };
}

/** Mean and variance in one pass (Welford). */
class Moments {
  count = 0;
  mean = 0;
  #squares = 0;

  get variance(): number {
    return this.#squares / (this.count - 1);
  }

  add(value: number): void {
    this.count++;
    const delta = value - this.mean;
    this.mean += delta / this.count;
    this.#squares += delta * (value - this.mean);
  }
}
