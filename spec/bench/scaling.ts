/**
 * npm run bench scaling: how cost and memory grow.
 *
 *     --memory  also runs two million operations of each kind, which must leave no memory behind; writes the results
 *     --check   exits with 1 if a threshold does not hold
 */

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { decode, encode } from "bulla/base64url";
import { Fernet } from "bulla/fernet";
import { Jwt } from "bulla/jwt";
import { optionsOf } from "../helpers/command.ts";
import { words } from "./fixtures.ts";
import { type Case, measure, type Result } from "./harness.ts";
import { decodeInPlace, PlainFernet, PlainJwt } from "./plain.ts";
import { duration, printVerdicts } from "./report.ts";
import { writeResults } from "./results.ts";
import { type Verdict, verdict } from "./thresholds.ts";

const flags = optionsOf("bench scaling", {
  memory: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
});

const SIZES = [10_000, 100_000, 1_000_000, 10_000_000] as const;
const LARGE = 100_000_000;
const EFFORT = { rounds: 25, slice: 20, warmup: 100 };
const LARGE_EFFORT = { rounds: 7, slice: 1, warmup: 1 };

/** The most that a message ten times as long may cost. */
const MOST_GROWTH = 11;
const NOISE = 1.1;
const MOST_KEY_KIB = 32;
const MOST_PEAK = 4;

type Ways = readonly [ours: () => unknown, theirs: () => unknown];

const verdicts: Verdict[] = [];
const key = randomBytes(32);
const fernet = new Fernet(key);
const plain = new PlainFernet(key);
const plainJwt = new PlainJwt(key);
const jwt = new Jwt(key, { maxTokenLength: 2 ** 29 });

// Runs first: the peak of a child includes the size of its parent at the start.
peak();
keys();
await growth("Fernet encrypt", (size) => {
  const message = randomBytes(size);
  return [() => fernet.encrypt(message), () => plain.encrypt(message)];
});
await growth("Fernet decrypt", (size) => {
  const token = fernet.encrypt(randomBytes(size));
  return [() => fernet.decrypt(token), () => plain.decrypt(token)];
});
await growth("JWT sign", (size) => {
  const claims = { text: words(size) };
  return [() => jwt.sign(claims), () => plainJwt.sign(claims)];
});
await growth("JWT verify", (size) => {
  const token = jwt.sign({ text: words(size) });
  return [() => jwt.verify(token), () => plainJwt.verify(token)];
});
await growth("base64url encode", (size) => {
  const bytes = randomBytes(size);
  return [() => encode(bytes), () => bytes.toString("base64url")];
});
await growth("base64url decode", (size) => {
  const text = encode(randomBytes(size));
  return [() => decode(text), () => decodeInPlace(text)];
});
await large();
if (flags.memory) for (const kind of inProcess<string[]>("kinds")) endurance(kind);
const held = printVerdicts(verdicts);
if (flags.memory) writeResults("scaling", { verdicts });
if (flags.check && !held) process.exitCode = 1;

/**
 * Times an operation on messages of each size, in turns, and judges each step of ten. Growth that the plain way shows
 * too is the runtime's own: it asks the system for the memory of a string over 128 KiB.
 */
async function growth(name: string, prepare: (size: number) => Ways): Promise<void> {
  const contenders = SIZES.flatMap((size) => {
    const [ours, theirs] = prepare(size);
    return [
      { name: `bulla, ${size}`, run: ours },
      { name: `the plain way, ${size}`, run: theirs },
    ];
  });
  const { timings } = await measure({ id: name, title: name, contenders }, EFFORT);
  const [ours, theirs] = [0, 1].map((way) =>
    timings.filter((_, index) => index % 2 === way).map(({ best }) => best),
  ) as [number[], number[]];
  console.log(name.padEnd(20), ...ours.map((time) => duration(time).padStart(10)));
  console.log("  the plain way".padEnd(20), ...theirs.map((time) => duration(time).padStart(10)));
  for (let step = 1; step < SIZES.length; step++) {
    const what = `${name}: ${SIZES[step]} bytes over a tenth of them`;
    const most = Math.max(MOST_GROWTH, Math.ceil(grown(theirs, step) * NOISE));
    verdicts.push(verdict(what, grown(ours, step), most));
  }
}

function grown(times: readonly number[], step: number): number {
  return (times[step] as number) / (times[step - 1] as number);
}

async function large(): Promise<void> {
  const message = randomBytes(LARGE);
  const token = fernet.encrypt(message);
  await against(
    "Fernet encrypt",
    () => fernet.encrypt(message),
    () => plain.encrypt(message),
  );
  await against(
    "Fernet decrypt",
    () => fernet.decrypt(token),
    () => plain.decrypt(token),
  );
}

async function against(name: string, ours: () => unknown, theirs: () => unknown): Promise<void> {
  const contenders = [
    { name: "bulla", run: ours },
    { name: "node:crypto", run: theirs },
  ];
  const subject: Case = { id: name, title: name, contenders };
  const { timings }: Result = await measure(subject, LARGE_EFFORT);
  const [own, other] = timings.map(({ best }) => best) as [number, number];
  console.log(`${name}, ${LARGE} bytes: ${duration(own)}, node:crypto ${duration(other)}`);
  verdicts.push(verdict(`${name}, ${LARGE} bytes: cost over node:crypto`, own / other, 1));
}

/** Ten thousand keys, all in use. */
function keys(): void {
  console.log("memory of 10,000 keys");
  const { fernet, jwt } = inProcess<{ fernet: number; jwt: number }>("keys");
  verdicts.push(verdict("KiB of memory for a Fernet key", fernet / 1024, MOST_KEY_KIB));
  verdicts.push(verdict("KiB of memory for a JWT key", jwt / 1024, MOST_KEY_KIB));
}

function peak(): void {
  console.log("peak memory of an encryption");
  const times = inProcess<number>("peak");
  verdicts.push(verdict("peak memory of an encryption, in messages", times, MOST_PEAK));
}

function endurance(kind: string): void {
  console.log(`2,000,000 times ${kind}`);
  const { heap, rss } = inProcess<{ heap: number; rss: number }>("endurance", kind);
  verdicts.push(verdict(`2,000,000 times ${kind}: KiB of heap more`, heap / 1024, 256));
  verdicts.push(verdict(`2,000,000 times ${kind}: MiB resident more`, rss / 2 ** 20, 8));
}

/** Runs memory.ts in a process of its own. */
function inProcess<T>(...words: string[]): T {
  const program = fileURLToPath(new URL("memory.ts", import.meta.url));
  const flags = [...process.execArgv.filter((flag) => flag !== "--expose-gc"), "--expose-gc"];
  return JSON.parse(
    execFileSync(process.execPath, [...flags, program, ...words], { encoding: "utf8" }),
  );
}
