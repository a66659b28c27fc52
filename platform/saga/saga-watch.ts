/**
 * Looks after sagas that nobody speaks of any more: their step is asked for again, or their time is over. It finds them
 * with the relay role and works on each as its tenant. Any number of instances may run: the saga's row lock decides.
 */
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import { type CommandDeps, runCommand } from "../database/command.ts";
import type { SqlTransaction, TransactionHost } from "../database/sql-transaction.ts";
import { inTenants } from "../database/tenant-transaction.ts";
import type { Metric, MetricsSource } from "../http/metrics-format.ts";
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import { createPollingWorker } from "../lifecycle/polling-worker.ts";
import type { Saga } from "./saga.ts";
import type { SagaCoordinator } from "./saga-coordinator.ts";
import { countOpenSagas, findDueSagas, findSagas, type OpenSagas } from "./saga-store.ts";

export interface SagaWatchOptions<Tx extends SqlTransaction> {
  /** Of the part. */
  readonly name: string;
  readonly coordinator: SagaCoordinator<Tx>;
  readonly deps: CommandDeps<Tx>;
  /** With the relay role. */
  readonly pollingDatabase: TransactionHost<SqlTransaction> & { readonly autocommit: SqlTransaction };
  readonly clock: Clock;
  readonly logger: Logger;
}

const POLL_MS = 1_000;
const BATCH = 50;
const RETRY_CAP_MS = 30_000;

export interface SagaWatch {
  readonly part: LifecyclePart;
  /** How many sagas are open, and how many of them are late, as they were seen last. */
  readonly metrics: MetricsSource;
}

export function createSagaWatch<Tx extends SqlTransaction>(options: SagaWatchOptions<Tx>): SagaWatch {
  const { name, coordinator, deps, pollingDatabase, clock } = options;
  const logger = options.logger.child({ component: "sagas" });
  let seen: OpenSagas = { open: 0, late: 0 };

  async function lookAfter({ id, tenantId }: Pick<Saga, "id" | "tenantId">): Promise<void> {
    const [saga] = await inTenants(deps.database, [tenantId], (tx) => findSagas(tx, [id]));
    if (saga === undefined) return;
    if (clock.now() > saga.deadline)
      logger.warn({ sagaId: id, state: saga.state }, "a saga is late, it is being undone");
    await runCommand(deps, { tenants: [tenantId], causation: saga.causation }, (scope) =>
      coordinator.lookAfter(scope, id),
    );
  }

  const part = createPollingWorker({
    name,
    pollMs: POLL_MS,
    retryCapMs: RETRY_CAP_MS,
    batch: BATCH,
    async find() {
      seen = await countOpenSagas(pollingDatabase.autocommit, clock.now());
      return findDueSagas(pollingDatabase.autocommit, clock.now(), BATCH);
    },
    carryOut: lookAfter,
    logger,
    interrupted: "looking after sagas was interrupted, it goes on trying",
  });
  return {
    part,
    metrics: () => [
      gauge("tributary_sagas_open", "Sagas that have not ended", seen.open),
      gauge("tributary_sagas_late", "Sagas that have not ended, and whose deadline is over", seen.late),
    ],
  };
}

function gauge(name: string, help: string, value: number): Metric {
  return { type: "gauge", name, help, samples: [["", value]] };
}
