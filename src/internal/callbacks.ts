/** Calls the application's callbacks, which must not fail a request or end the process; emits warnings. */

/** Calls `onInvalid` or `onError`; turns a throw or a rejection into a process warning. */
export function tell(name: string, call: () => unknown): void {
  const failed = (): void => process.emitWarning(`${name} threw`, { code: "BULLA_CALLBACK" });
  try {
    const answer = call();
    if (isPromise(answer)) answer.then(undefined, failed);
  } catch {
    failed();
  }
}

/** Calls `done` once the Promise settles, in a microtask of its own: an error in it stays the application's. */
export function callBack(
  settled: Promise<void>,
  done: ((error?: never) => void) | undefined,
): Promise<void> {
  if (done === undefined) return settled.catch(() => {});
  return settled.then(
    () => queueMicrotask(() => done()),
    (error) => queueMicrotask(() => done(error)),
  );
}

export function isPromise<V>(value: V | Promise<V>): value is Promise<V> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** Ignores a Promise: its rejection must not end the process. */
export function forget(value: unknown): void {
  if (isPromise(value)) value.then(undefined, () => {});
}

const warned = new Set<string>();

export function warnOnce(code: string, message: string): void {
  if (warned.has(code)) return;
  warned.add(code);
  process.emitWarning(message, { code });
}

/** Switches a warning off, for a program that reports it itself. */
export function mute(code: string): void {
  warned.add(code);
}
