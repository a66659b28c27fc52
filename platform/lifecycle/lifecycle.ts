/**
 * Ordered start and stop of long-lived parts. Parts start in the order they were added and stop in reverse; what others
 * wait for is left at once when the stop begins. A failed start stops what was started. Both are idempotent: a second
 * call shares the first one's promise.
 */
import type { Logger } from "../logger/logger.ts";

export interface LifecyclePart {
  readonly name: string;
  start?(): Promise<void>;
  stop?(): Promise<void>;
  /**
   * Called of every started part when a stop begins, before any part is stopped: begins what should not wait until its
   * turn comes, such as giving work to other instances. Its `stop` waits for the end of it. Must not throw.
   */
  leave?(): void;
}

export interface Lifecycle {
  add(part: LifecyclePart): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** `draining` from the first call of stop on: `/ready` then answers 503. */
  readonly phase: "new" | "starting" | "running" | "draining" | "stopped";
}

export function createLifecycle(logger: Logger): Lifecycle {
  const parts: LifecyclePart[] = [];
  const started: LifecyclePart[] = [];
  let phase: Lifecycle["phase"] = "new";
  /** The start itself, and what callers of `start` wait for: the same, after a failed one has been stopped. */
  let startRun: Promise<void> | undefined;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  async function startAll(): Promise<void> {
    phase = "starting";
    for (const part of parts) {
      if (phase !== "starting") return;
      // Listed before it runs: a part that fails half-way still gets its stop.
      started.push(part);
      await part.start?.();
    }
    if (phase === "starting") phase = "running";
  }

  async function stopAll(): Promise<void> {
    phase = "draining";
    await startRun?.catch(() => undefined);
    for (const part of started) part.leave?.();
    for (let part = started.pop(); part !== undefined; part = started.pop()) {
      try {
        await part.stop?.();
      } catch (error) {
        logger.error({ err: error, part: part.name }, "stopping failed");
      }
    }
    phase = "stopped";
  }

  const lifecycle: Lifecycle = {
    add(part) {
      if (phase !== "new") throw new Error(`cannot add ${part.name}: already ${phase}`);
      parts.push(part);
    },
    start() {
      if (starting === undefined) {
        startRun = startAll();
        starting = startRun.catch(async (error: unknown) => {
          await lifecycle.stop();
          throw error;
        });
      }
      return starting;
    },
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
    get phase() {
      return phase;
    },
  };
  return lifecycle;
}
