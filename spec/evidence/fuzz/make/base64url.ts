/** Texts for the decoder: good ones, spoilt ones, and characters at random. */

import type { Random } from "../random.ts";
import { ALPHABET, mutated, noise } from "./text.ts";

export interface Encoded {
  readonly text: string;
  readonly padding: boolean;
}

export function makeEncoded(random: Random): Encoded {
  const padding = random.chance(50);
  if (random.chance(15)) return { text: noise(random, 24, ALPHABET), padding };
  // The decoder changes its method at 192 characters.
  const most = random.pick([4, 12, 40, 150, 150, 400]);
  const bytes = random.bytes(random.below(most));
  const text = bytes.toString("base64url");
  const whole = padding === random.chance(95) ? padded(text) : text;
  return { text: random.chance(60) ? mutated(random, whole) : whole, padding };
}

export function padded(text: string): string {
  return text + "=".repeat(-text.length & 3);
}
