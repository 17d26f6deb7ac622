/** Calls what the application gave, whose callbacks must not fail a request or end the process; and warns it. */

/** Calls `onInvalid` or `onError`; a throw or a rejection of theirs becomes a process warning. */
export function tell(name: string, call: () => unknown): void {
  const failed = (): void => process.emitWarning(`${name} threw`, { code: "BULLA_CALLBACK" });
  try {
    const answer = call();
    if (isPromise(answer)) answer.then(undefined, failed);
  } catch {
    failed();
  }
}

/** Calls `done` once the Promise settles, in a task of its own: what it throws is the application's. */
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

/** A Promise that nobody wants: its rejection must not end the process. */
export function forget(value: unknown): void {
  if (isPromise(value)) value.then(undefined, () => {});
}

const warned = new Set<string>();

/** A process warning of a code of ours, once a process. */
export function warnOnce(code: string, message: string): void {
  if (warned.has(code)) return;
  warned.add(code);
  process.emitWarning(message, { code });
}

/** For who says it otherwise: no process warning of that code. */
export function mute(code: string): void {
  warned.add(code);
}
