/** What a command line needs to publish as a subgraph does. */
import { fileURLToPath } from "node:url";
import { type Clock, systemClock } from "../clock.ts";
import { loadEventContracts } from "../events/contracts.ts";
import type { Outbox } from "../events/outbox.ts";
import { outboxOf } from "../graphql/subgraph-outbox.ts";
import { createIdSource, type IdSource } from "../ids.ts";

export interface OperatorOutbox {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/** @param subgraph whose events they are */
export async function openOperatorOutbox(subgraph: string): Promise<OperatorOutbox> {
  const contracts = await loadEventContracts(fileURLToPath(new URL("../../schema/events", import.meta.url)));
  const clock = systemClock;
  const ids = createIdSource(clock);
  return { outbox: outboxOf(subgraph, { contracts, clock, ids }), clock, ids };
}
