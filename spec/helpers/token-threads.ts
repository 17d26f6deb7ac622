/** Worker threads of TypeScript, on every Node that the specs run on. */

import { Worker } from "node:worker_threads";

/** A thread that runs a module; Node 20 has no types to strip, and tsx registers in no thread. */
export function thread(module: URL, workerData: unknown): Worker {
  const strips = "typescript" in process.features && process.features.typescript;
  const tsx = strips ? undefined : import.meta.resolve("tsx/esm/api");
  const loader = tsx === undefined ? "" : `(await import(${JSON.stringify(tsx)})).register();`;
  const code = `(async () => { ${loader} await import(${JSON.stringify(module)}); })();`;
  return new Worker(code, { eval: true, workerData });
}

/** A thread of plain JavaScript that runs until it is ended. */
export function plainThread(code: string, workerData: unknown): Worker {
  return new Worker(code, { eval: true, workerData });
}

/** What a thread sends first. */
export function message<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}
