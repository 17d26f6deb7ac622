/**
 * Welch's t-test in the manner of dudect (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant
 * time?", DATE 2017): compares the times of two classes of inputs, whole and with the slowest cropped.
 */

export interface Sample {
  /** The time of each measurement in nanoseconds. */
  readonly times: Float64Array;
  /** The class of each measurement, 0 or 1. */
  readonly classes: Uint8Array;
}

export interface Test {
  /** The part of the times that is used, 1 for all. */
  readonly kept: number;
  readonly samples: number;
  /** The mean of class 1 minus that of class 0, in nanoseconds. */
  readonly difference: number;
  readonly t: number;
}

/**
 * Slow measurements are mostly interruptions of the machine, which hide small differences. The right crop is not
 * known, so there are several, closer together where more is kept.
 */
const KEPT = [1, 0.999, 0.99, 0.97, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.35, 0.2];

/** One test for each crop that leaves measurements of both classes; all are cropped at the same time. */
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
