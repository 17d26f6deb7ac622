/** The promises about bulla's speed, as ratios within one run. */

import type { Result } from "./harness.ts";

export interface Verdict {
  readonly what: string;
  readonly ratio: number;
  readonly bound: number;
  readonly kind: "at least" | "at most";
  readonly holds: boolean;
}

/** `ratio` is the other's time over bulla's: so many times faster. */
interface Faster {
  readonly id: string;
  readonly than: string;
  readonly atLeast: number;
  readonly ours?: string;
}

/** `ratio` is bulla's time over the other's. */
interface Dearer {
  readonly id: string;
  readonly than: string;
  readonly atMost: number;
  readonly ours?: string;
}

const FASTER: readonly Faster[] = [
  ...["jwt.sign.120", "jwt.sign.120.bare"].flatMap((id) => [
    { id, than: "fast-jwt", atLeast: 2.3 },
    { id, than: "jsonwebtoken", atLeast: 3.2 },
    { id, than: "jose", atLeast: 40 },
  ]),
  { id: "jwt.verify.120", than: "fast-jwt", atLeast: 2 },
  { id: "jwt.verify.120", than: "jsonwebtoken", atLeast: 2.7 },
  { id: "jwt.verify.120", than: "jose", atLeast: 40 },
  { id: "fernet.encrypt.120", than: "fernet-nodejs", atLeast: 4 },
  { id: "fernet.encrypt.120", than: "fernet", atLeast: 25 },
  { id: "fernet.encrypt.120", than: "node:crypto", atLeast: 2.5 },
  { id: "fernet.decrypt.120", than: "fernet-nodejs", atLeast: 3, ours: "bulla, decryptText" },
  { id: "fernet.decrypt.120", than: "fernet", atLeast: 20, ours: "bulla, decryptText" },
  { id: "fernet.decrypt.120", than: "node:crypto", atLeast: 2 },
  { id: "fernet.encrypt.1048576", than: "node:crypto", atLeast: 1 },
  { id: "fernet.decrypt.1048576", than: "node:crypto", atLeast: 0.85 },
  ...([32, 120, 1024, 65_536] as const).flatMap((length) => {
    const atLeast = { 32: 0.7, 120: 0.5, 1024: 0.5, 65536: 0.65 }[length];
    return [
      { id: `base64url.encode.${length}`, than: "fastest", atLeast },
      { id: `base64url.decode.${length}`, than: "fastest", atLeast },
    ];
  }),
  { id: "session.read", than: "cookie-session", atLeast: 2 },
  { id: "session.read", than: "iron-session", atLeast: 10 },
];

const DEARER: readonly Dearer[] = [
  { id: "jwt.sign.120", than: "floor", atMost: 1.5 },
  { id: "jwt.sign.120.bare", than: "floor", atMost: 1.5 },
  { id: "jwt.verify.120", than: "floor", atMost: 1.7 },
  { id: "fernet.encrypt.120", than: "floor", atMost: 1.8 },
  { id: "fernet.decrypt.120", than: "floor", atMost: 1.8 },
  { id: "session.refuse.fernet", than: "accepted", atMost: 1.5, ours: "wrong MAC" },
  { id: "session.refuse.jwt", than: "accepted", atMost: 1.5, ours: "wrong MAC" },
];

export function judge(results: readonly Result[]): Verdict[] {
  const faster = FASTER.map(({ id, than, atLeast, ours = "bulla" }): Verdict => {
    const ratio = bestOf(results, id, than) / bestOf(results, id, ours);
    const what = `${id}: faster than ${than}`;
    return { what, ratio, bound: atLeast, kind: "at least", holds: ratio >= atLeast };
  });
  const dearer = DEARER.map(({ id, than, atMost, ours = "bulla" }): Verdict => {
    const ratio = bestOf(results, id, ours) / bestOf(results, id, than);
    const what = `${id}: cost over ${than}`;
    return { what, ratio, bound: atMost, kind: "at most", holds: ratio <= atMost };
  });
  return [...faster, ...dearer];
}

/** The CPU of a server, as a multiple of its bare server's. */
export interface Served {
  readonly kind: string;
  readonly over: number;
}

/** CPU of a request over that of the same server without sessions. */
const OVER_BARE: Readonly<Record<string, number>> = {
  "bulla, untouched": 1.03,
  "bulla, read": 1.35,
  "bulla, read and write": 1.9,
};
/** The most that bulla may add to a request, as a part of what cookie-session adds. */
const MOST_OF_COOKIE_SESSION = 0.5;

export function judgeServers(rows: readonly Served[]): Verdict[] {
  const over = (kind: string): number => rows.find((row) => row.kind === kind)?.over ?? Number.NaN;
  return [
    ...Object.entries(OVER_BARE).map(([kind, most]) =>
      verdict(`${kind}: CPU of a request over bare`, over(kind), most),
    ),
    ...["read", "read and write"].map((action) => {
      const [ours, theirs] = ["bulla", "cookie-session"].map(
        (one) => over(`${one}, ${action}`) - 1,
      );
      const what = `bulla, ${action}: what it adds, of cookie-session's`;
      return verdict(what, (ours as number) / (theirs as number), MOST_OF_COOKIE_SESSION);
    }),
  ];
}

export function verdict(what: string, ratio: number, atMost: number): Verdict {
  return { what, ratio, bound: atMost, kind: "at most", holds: ratio <= atMost };
}

/** The best time of a contender, or of the fastest rival. */
function bestOf(results: readonly Result[], id: string, name: string): number {
  const timings = results.find((result) => result.id === id)?.timings ?? [];
  const chosen = timings.filter((timing) =>
    name === "fastest" ? timing.name !== "bulla" && !timing.floor : timing.name === name,
  );
  return Math.min(...chosen.map(({ best }) => best));
}
