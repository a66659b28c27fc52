// Many read one thing at once that no cache holds: how often each process fetched it.
import { setTimeout } from "node:timers/promises";
import type { MixedWorld } from "../mixed-load.ts";
import { createOperationLog } from "../operation-log.ts";
import { readInvoice, readOneEntity } from "../operations.ts";
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
/** In the background gateways find out what the reader's organisation may use. */
const BACKGROUND_MS = 1_000;

/** @param cold somebody whose things nobody has read for longer than any cache holds them */
export async function stampede({ client }: MixedWorld, cold: Tenant, processes: ServerProcesses): Promise<Stampede> {
  const log = createOperationLog();
  // Something else, so that what is found out of every reader does not count as loads of the thing.
  await sendPlanned(client, cold, readInvoice(cold), performance.now(), log);
  await setTimeout(BACKGROUND_MS);
  const before = await processes.caches();
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
