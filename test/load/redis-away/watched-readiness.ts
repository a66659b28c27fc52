// What each process says of its readiness, all the time.
import { z } from "zod";
import type { Stack } from "../../support/stack/stack.ts";
import { processNames } from "../platform/server-processes.ts";

const EVERY_MS = 200;
const PATIENCE_MS = 5_000;
const reportSchema = z.object({ status: z.string() });

export interface Readiness {
  readonly looks: number;
  /** Answers of `/ready` other than 200, or none. */
  readonly unready: number;
  /** Processes that said that they work without something. */
  readonly degraded: number;
}

export function watchReadiness(stack: Stack): { stop(): Promise<Readiness> } {
  const degraded = new Set<string>();
  let [looks, unready] = [0, 0];

  async function look(name: string): Promise<void> {
    looks += 1;
    try {
      const response = await fetch(`${stack.processOf(name).url}/ready`, { signal: AbortSignal.timeout(PATIENCE_MS) });
      const { status } = reportSchema.parse(await response.json());
      if (!response.ok) unready += 1;
      if (status === "degraded") degraded.add(name);
    } catch {
      unready += 1;
    }
  }

  const running = new Set<Promise<void>>();
  const timer = setInterval(() => {
    for (const name of processNames(stack)) {
      const looking = look(name).finally(() => running.delete(looking));
      running.add(looking);
    }
  }, EVERY_MS);
  // Nobody may stop it after a failure: it must not hold the process.
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(running);
      return { looks, unready, degraded: degraded.size };
    },
  };
}
