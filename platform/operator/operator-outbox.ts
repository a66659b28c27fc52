/** What a command line needs to publish as a subgraph does. */
import { fileURLToPath } from "node:url";
import { type Clock, systemClock } from "../clock.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import { loadEventContracts } from "../events/contracts.ts";
import type { Outbox } from "../events/outbox.ts";
import { outboxOf } from "../graphql/subgraph-outbox.ts";
import { createIdSource, type IdSource } from "../ids.ts";

export interface OperatorOutbox {
  readonly services: { readonly outbox: Outbox; readonly clock: Clock; readonly ids: IdSource };
  /** Resolves when the platform's relay was told of what was committed; else it finds that by its poll. */
  told(): Promise<void>;
}

/**
 * @param subgraph whose events they are
 * @param autocommit statements on its database
 */
export async function openOperatorOutbox(subgraph: string, autocommit: SqlTransaction): Promise<OperatorOutbox> {
  const contracts = await loadEventContracts(fileURLToPath(new URL("../../schema/events", import.meta.url)));
  const clock = systemClock;
  const ids = createIdSource(clock);
  let telling: Promise<unknown> = Promise.resolve();
  // No relay runs here. Whoever suspends somebody should not wait for a poll.
  const wake = () => {
    telling = autocommit.$queryRawUnsafe("SELECT pg_notify('outbox', '')").catch(() => undefined);
  };
  return {
    services: { outbox: outboxOf(subgraph, { contracts, clock, ids, relay: { wake } }), clock, ids },
    told: async () => void (await telling),
  };
}
