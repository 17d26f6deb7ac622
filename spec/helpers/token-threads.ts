/** Worker threads of TypeScript, on every Node that runs the specs. */

import { Worker } from "node:worker_threads";

/**
 * Starts a thread on a TypeScript module. Node 20 cannot strip types, and tsx does not register in threads.
 */
export function thread(module: URL, workerData: unknown): Worker {
  const strips = "typescript" in process.features && process.features.typescript;
  const tsx = strips ? undefined : import.meta.resolve("tsx/esm/api");
  const loader = tsx === undefined ? "" : `(await import(${JSON.stringify(tsx)})).register();`;
  const code = `(async () => { ${loader} await import(${JSON.stringify(module)}); })();`;
  return new Worker(code, { eval: true, workerData });
}

/** Starts a thread of plain JavaScript that runs until it is terminated. */
export function plainThread(code: string, workerData: unknown): Worker {
  return new Worker(code, { eval: true, workerData });
}

/** Resolves with a thread's first message. */
export function message<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}
