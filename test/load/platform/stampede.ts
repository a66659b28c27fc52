// Many read one thing at once that no cache holds: how often each process fetched it.

import type { MixedWorld } from "../mixed-load.ts";
import { createOperationLog } from "../operation-log.ts";
import { readOneEntity } from "../operations.ts";
import type { Tenant } from "../population.ts";
import { sendPlanned } from "../send-planned.ts";
import { countedBetween } from "./cache-figures.ts";
import type { ServerProcesses } from "./server-processes.ts";

export interface Stampede {
  readonly reads: number;
  readonly failed: number;
  /** The most loads that any of its caches began, by process; a process whose caches were not asked is absent. */
  readonly loads: ReadonlyMap<string, number>;
}

const READS = 200;

/** @param cold somebody whose things nobody has read for longer than any cache holds them */
export async function stampede({ client }: MixedWorld, cold: Tenant, processes: ServerProcesses): Promise<Stampede> {
  const before = await processes.caches();
  const log = createOperationLog();
  const read = () => sendPlanned(client, cold, readOneEntity(cold), performance.now(), log);
  await Promise.all(Array.from({ length: READS }, read));
  const loads = new Map<string, number>();
  for (const [process, figures] of await processes.caches()) {
    const counted = [...countedBetween(before.get(process) ?? new Map(), figures).values()];
    if (counted.some(({ loads: begun, hits, misses }) => begun + hits + misses > 0)) {
      loads.set(process, Math.max(...counted.map(({ loads: begun }) => begun)));
    }
  }
  return { reads: READS, failed: log.errors, loads };
}
