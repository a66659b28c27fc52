/**
 * Where queries read: from a replica, as long as nobody could see by it that it is one. The primary answers
 *
 * - whoever has changed something a moment ago, in any process;
 * - about organisations and people whose events this process has heard a moment ago, since whoever saw the event looks
 *   for what it tells of;
 * - everybody while the replica is more than a second behind, or away.
 *
 * Commands, and what is read along with them, know the primary only.
 */
import { LRUCache } from "lru-cache";
import { type Identity, tenantsOf } from "../../auth/identity.ts";
import type { Change } from "../../events/envelope.ts";
import { labels, type MetricsSource } from "../../http/metrics-format.ts";
import type { LifecyclePart } from "../../lifecycle/lifecycle.ts";
import type { Logger } from "../../logger/logger.ts";
import type { Database } from "../database.ts";
import type { SqlTransaction, TransactionHost } from "../sql-transaction.ts";
import type { Transaction } from "../transaction.ts";
import type { RecentWriters } from "./recent-writers.ts";
import { createReplicaLag, MAX_LAG_MS } from "./replica-lag.ts";

export interface ReadSide<Tx extends SqlTransaction> {
  /** For the reads of one request: they all go to the same server. */
  hostFor(identity: Identity): TransactionHost<Tx>;
  /** To be called with events as they arrive. */
  noteEvents(events: readonly Pick<Change, "partitionkey">[]): void;
  readonly part: LifecyclePart;
  readonly metrics: MetricsSource;
}

export interface ReadSideOptions<Client extends SqlTransaction> {
  /** The subgraph's. */
  readonly name: string;
  readonly primary: Database<Client>;
  readonly replica: Database<Client>;
  readonly writers: Pick<RecentWriters, "includes">;
  readonly logger: Logger;
}

const MAX_HEARD = 100_000;

export function createReadSide<Client extends SqlTransaction>(
  options: ReadSideOptions<Client>,
): ReadSide<Transaction<Client>> {
  const { name, primary, replica, writers, logger } = options;
  const lag = createReplicaLag({
    name: `${name} replica`,
    primary: primary.autocommit,
    replica: replica.autocommit,
    logger,
  });
  const heard = new LRUCache<string, true>({ max: MAX_HEARD, ttl: MAX_LAG_MS });
  const counts = { primary: 0, replica: 0 };

  async function mayLag(identity: Identity): Promise<boolean> {
    if (!lag.isFresh() || tenantsOf(identity).some((tenant) => heard.has(tenant))) return false;
    return !(await writers.includes(identity));
  }

  function counted(server: keyof typeof counts): Database<Client> {
    counts[server] += 1;
    return server === "replica" ? replica : primary;
  }

  return {
    hostFor(identity) {
      let chosen: Promise<Database<Client>> | undefined;
      let onReplica = false;
      const choose = async () => {
        onReplica = await mayLag(identity);
        return counted(onReplica ? "replica" : "primary");
      };
      const leaveReplica = () => {
        onReplica = false;
        lag.distrust();
        chosen = Promise.resolve(counted("primary"));
      };
      return {
        ...(primary.places === undefined ? {} : { places: primary.places }),
        brokeOff() {
          if (onReplica) leaveReplica();
        },
        async $transaction(work, limits) {
          chosen ??= choose();
          const database = await chosen;
          if (database === primary) return primary.$transaction(work, limits);
          let begun = false;
          try {
            return await replica.$transaction((tx) => {
              begun = true;
              return work(tx);
            }, limits);
          } catch (error) {
            if (begun) throw error;
            // It gave no connection: nothing was asked yet.
            leaveReplica();
            return primary.$transaction(work, limits);
          }
        },
      };
    },
    noteEvents(events) {
      for (const { partitionkey } of events) heard.set(partitionkey, true);
    },
    part: {
      name: `${name} replica`,
      start: async () => lag.part.start?.(),
      async stop() {
        await lag.part.stop?.();
        await replica.part.stop?.();
      },
    },
    metrics: () => [
      {
        type: "counter",
        name: "tributary_query_reads_total",
        help: "Requests whose queries read from the primary, and from the replica",
        samples: Object.entries(counts).map(([server, count]) => [labels({ server }), count]),
      },
      {
        type: "gauge",
        name: "tributary_replica_lag_seconds",
        help: "How long ago the replica is known to have shown everything",
        samples: Number.isFinite(lag.seconds()) ? [["", lag.seconds()]] : [],
      },
    ],
  };
}
