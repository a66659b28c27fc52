/** Statements on sagas and their steps. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import { requireTenantId, type TenantId } from "../auth/principal-ids.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import { causationSchema, storedCausation } from "../events/stored-causation.ts";
import { type Saga, SagaId, sagaState, stepState } from "./saga.ts";

const tenantId = z.string().transform(requireTenantId);

const stepRow = z.object({
  name: z.string(),
  service: z.string(),
  state: stepState,
  attempts: z.int(),
  error: z.string().nullable(),
  compensatedAt: z.coerce.date().nullable(),
});

const sagaRows = z.array(
  z.object({
    id: SagaId.schema,
    kind: z.string(),
    tenantId,
    state: sagaState,
    failure: z.string().nullable(),
    input: z.record(z.string(), z.string()),
    causation: causationSchema,
    startedAt: z.date(),
    deadline: z.date(),
    wakeAt: z.date().nullable(),
    finishedAt: z.date().nullable(),
    version: z.int(),
    steps: z.array(stepRow),
  }),
);

const SELECT = `
  SELECT id, kind, tenant_id AS "tenantId", state, failure, input, causation, started_at AS "startedAt", deadline,
    wake_at AS "wakeAt", finished_at AS "finishedAt", version,
    (SELECT json_agg(json_build_object('name', name, 'service', service, 'state', saga_step.state, 'attempts', attempts,
      'error', error, 'compensatedAt', compensated_at) ORDER BY position)
     FROM saga_step WHERE saga_id = saga.id) AS steps
  FROM saga`;

export async function findSagas(tx: SqlTransaction, ids: readonly SagaId[]): Promise<Saga[]> {
  return sagaRows.parse(await tx.$queryRawUnsafe(`${SELECT} WHERE id = ANY ($1)`, [...ids]));
}

/** The newest saga of a kind of each tenant. */
export async function findSagasOf(tx: SqlTransaction, kind: string, tenantIds: readonly TenantId[]): Promise<Saga[]> {
  const newest = "SELECT max(id) FROM saga WHERE kind = $1 AND tenant_id = ANY ($2) GROUP BY tenant_id";
  return sagaRows.parse(await tx.$queryRawUnsafe(`${SELECT} WHERE id IN (${newest})`, kind, [...tenantIds]));
}

/** Holds the saga until the end of the transaction: it takes one step at a time. */
export async function lockSaga(tx: SqlTransaction, id: SagaId): Promise<Saga | undefined> {
  return sagaRows.parse(await tx.$queryRawUnsafe(`${SELECT} WHERE id = $1 FOR UPDATE OF saga`, id)).at(0);
}

export async function insertSaga(tx: SqlTransaction, saga: Saga): Promise<void> {
  await tx.$executeRawUnsafe(
    `INSERT INTO saga (id, kind, tenant_id, state, failure, input, causation, started_at, deadline, wake_at,
       finished_at, version)
     SELECT id, kind, tenant_id, state, failure, input, causation, started_at, deadline, wake_at, finished_at, version
     FROM json_populate_record(NULL::saga, $1::json)`,
    JSON.stringify({ ...rowOf(saga), id: saga.id, kind: saga.kind, tenant_id: saga.tenantId }),
  );
  await tx.$executeRawUnsafe(
    `INSERT INTO saga_step (saga_id, tenant_id, position, name, service, state, attempts, error, compensated_at)
     SELECT saga_id, tenant_id, position, name, service, state, attempts, error, compensated_at
     FROM json_populate_recordset(NULL::saga_step, $1::json)`,
    JSON.stringify(stepRows(saga)),
  );
}

/** Of a saga that the transaction holds. */
export async function saveSaga(tx: SqlTransaction, saga: Saga): Promise<void> {
  await tx.$executeRawUnsafe(
    `UPDATE saga SET (state, failure, input, wake_at, finished_at, version) =
       (SELECT state, failure, input, wake_at, finished_at, version FROM json_populate_record(NULL::saga, $2::json))
     WHERE id = $1`,
    saga.id,
    JSON.stringify(rowOf(saga)),
  );
  await tx.$executeRawUnsafe(
    `UPDATE saga_step SET state = changed.state, attempts = changed.attempts, error = changed.error,
       compensated_at = changed.compensated_at
     FROM json_populate_recordset(NULL::saga_step, $1::json) AS changed
     WHERE saga_step.saga_id = changed.saga_id AND saga_step.position = changed.position`,
    JSON.stringify(stepRows(saga)),
  );
}

const dueRows = z.array(z.object({ id: SagaId.schema, tenantId }));

/** Which sagas want to be looked after. For the relay role, which sees of all tenants those that have not ended. */
export async function findDueSagas(
  tx: SqlTransaction,
  now: Date,
  limit: number,
): Promise<Pick<Saga, "id" | "tenantId">[]> {
  const rows = await tx.$queryRawUnsafe(
    `SELECT id, tenant_id AS "tenantId" FROM saga
     WHERE finished_at IS NULL AND wake_at <= $1::timestamptz ORDER BY wake_at LIMIT $2`,
    now.toISOString(),
    limit,
  );
  return dueRows.parse(rows);
}

const openRows = z.tuple([z.object({ open: z.int(), late: z.int() })]);

export interface OpenSagas {
  readonly open: number;
  /** Of these, whose deadline is over. */
  readonly late: number;
}

/** For the relay role. */
export async function countOpenSagas(tx: SqlTransaction, now: Date): Promise<OpenSagas> {
  const rows = await tx.$queryRawUnsafe(
    `SELECT count(*)::integer AS open, (count(*) FILTER (WHERE deadline <= $1::timestamptz))::integer AS late
     FROM saga WHERE finished_at IS NULL`,
    now.toISOString(),
  );
  return openRows.parse(rows)[0];
}

function rowOf({ state, failure, input, causation, startedAt, deadline, wakeAt, finishedAt, version }: Saga) {
  return {
    ...{ state, failure, input, version, deadline },
    causation: storedCausation(causation),
    started_at: startedAt,
    wake_at: wakeAt,
    finished_at: finishedAt,
  };
}

function stepRows({ id, tenantId, steps }: Saga) {
  return steps.map(({ compensatedAt, ...step }, position) => ({
    ...{ saga_id: id, tenant_id: tenantId, position, ...step },
    compensated_at: compensatedAt,
  }));
}
