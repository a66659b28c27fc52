/** Statements on what a subgraph did for sagas. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import type { TenantId } from "../auth/principal-ids.ts";
import { requireTenantId } from "../auth/principal-ids.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import { SagaId } from "./saga.ts";

const participation = z.object({
  sagaId: SagaId.schema,
  step: z.string(),
  tenantId: z.string().transform(requireTenantId),
  /** `EXECUTING`, `COMPENSATING`: begun, and the outcome is not known yet. */
  state: z.enum(["EXECUTING", "EXECUTED", "COMPENSATING", "COMPENSATED"]),
  /** What the step made. */
  reference: z.string().nullable(),
  /** How the execution ended. */
  outcome: z.enum(["DONE", "FAILED"]).nullable(),
  reason: z.string().nullable(),
});

export type Participation = z.infer<typeof participation>;

const rows = z.array(participation);
const COLUMNS = `saga_id AS "sagaId", step, tenant_id AS "tenantId", state, reference, outcome, reason`;

/** @returns false when there is one for this step already */
export async function insertParticipation(
  tx: SqlTransaction,
  { sagaId, step, tenantId, state }: Pick<Participation, "sagaId" | "step" | "state"> & { readonly tenantId: TenantId },
): Promise<boolean> {
  const inserted = await tx.$executeRawUnsafe(
    `INSERT INTO saga_participation (saga_id, step, tenant_id, state) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    ...[sagaId, step, tenantId, state],
  );
  return inserted === 1;
}

export async function findParticipation(
  tx: SqlTransaction,
  sagaId: SagaId,
  step: string,
): Promise<Participation | undefined> {
  const statement = `SELECT ${COLUMNS} FROM saga_participation WHERE saga_id = $1 AND step = $2`;
  return rows.parse(await tx.$queryRawUnsafe(statement, sagaId, step)).at(0);
}

/** By what the step made. */
export async function findParticipationOf(tx: SqlTransaction, reference: string): Promise<Participation | undefined> {
  const statement = `SELECT ${COLUMNS} FROM saga_participation WHERE reference = $1`;
  return rows.parse(await tx.$queryRawUnsafe(statement, reference)).at(0);
}

export async function saveParticipation(
  tx: SqlTransaction,
  { sagaId, step, state, reference, outcome, reason }: Omit<Participation, "tenantId">,
): Promise<void> {
  await tx.$executeRawUnsafe(
    `UPDATE saga_participation SET state = $3, reference = $4, outcome = $5, reason = $6
     WHERE saga_id = $1 AND step = $2`,
    ...[sagaId, step, state, reference, outcome, reason],
  );
}
