/** A thread that computes password hashes, one at a time. It starts when it is first needed, and again if it dies. */
import { Worker } from "node:worker_threads";
import type { HashingTask } from "./hashing-worker.ts";

export interface HashingThread {
  /**
   * The hash, or whether the password is the one that was hashed. One call at a time.
   * @throws Error when the thread dies over it
   */
  run(task: HashingTask): Promise<unknown>;
}

const WORKER = new URL("./hashing-worker.ts", import.meta.url);

export function createHashingThread(): HashingThread {
  let worker: Worker | undefined;

  function start(): Worker {
    const started = new Worker(WORKER);
    // Whoever waits for it is told; its end is what counts here.
    started.on("error", () => undefined);
    started.once("exit", () => {
      if (worker === started) worker = undefined;
    });
    return started;
  }

  return {
    async run(task) {
      worker ??= start();
      const current = worker;
      // It keeps the process alive while somebody waits for it, and no longer.
      current.ref();
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const died = (reason: unknown) => reject(new Error("the thread that hashes passwords ended", { cause: reason }));
      current.once("message", resolve).once("error", died).once("exit", died);
      try {
        current.postMessage(task);
        return await promise;
      } finally {
        current.off("message", resolve).off("error", died).off("exit", died);
        current.unref();
      }
    },
  };
}
