/**
 * The only access to tables with a tenant. Row-level security is forced on them and compares `tenant_id` with the
 * transaction-local setting `app.tenants`: a statement outside this function sees no row.
 */
import { type TenantScope, tenantScope } from "../../prisma/tenant-scope.ts";
import type { KeyOwner } from "../auth/principal-ids.ts";
import { inPlace } from "../fair-places.ts";
import type { SqlTransaction, TransactionHost } from "./sql-transaction.ts";

/** Ids of organisations and of at most one user: commas would split the setting, so only our id alphabet passes. */
const TENANT_PATTERN = /^[A-Za-z0-9_-]+$/;

export interface TransactionLimits {
  /** Longest wait for a connection, in milliseconds. */
  readonly maxWait: number;
  /** Longest run, in milliseconds. */
  readonly timeout: number;
  /**
   * When the transaction ends, whatever its work still does. Postgres cancels what runs at `deadline` (by
   * `performance.now()`). From the abort of `over` on nothing is committed, unless the statement that commits is under
   * way; later statements are refused.
   */
  readonly until?: { readonly deadline: number; readonly over: AbortSignal };
}

/** A command that takes longer is stuck, not slow. */
const LIMITS: TransactionLimits = { maxWait: 5_000, timeout: 15_000 };

export interface TransactionEnd {
  /**
   * The next statement is the last one: the commit goes with it, in one message. It commits if and only if the
   * statement succeeds, so nothing that may fail may follow it in `work`.
   */
  commitWithNext(): void;
}

/**
 * Runs `work` in one transaction that sees and writes the rows of `tenants` only.
 * @param tenants organisation ids and/or the viewer's user id; empty means no tenant's rows at all.
 * @param limits for work that reads more than a request does
 */
export function inTenants<Tx extends SqlTransaction, R>(
  client: TransactionHost<Tx>,
  tenants: readonly KeyOwner[],
  work: (tx: Tx, end: TransactionEnd) => Promise<R>,
  { until, ...limits }: TransactionLimits = LIMITS,
): Promise<R> {
  const afterCommit = new Set<() => void>();
  const scope: TenantScope = { tenants: listOf(tenants), reading: false, ending: false, afterCommit, ...until };
  const end: TransactionEnd = {
    commitWithNext() {
      scope.ending = true;
    },
  };
  // The clients of prisma/ bind the transaction to this scope with its first statement.
  const committed = tenantScope.run(scope, () => client.$transaction((tx) => work(tx, end), limits));
  return committed.then((result) => {
    for (const task of afterCommit) task();
    return result;
  });
}

/**
 * Runs reads of `tenants`' rows on one connection. Each statement is a transaction of its own, which sees what was
 * committed before it, and nothing can be rolled back: `work` must not write.
 * @param deadline by `performance.now()`: Postgres ends statements that still run then
 * @throws AppError `SERVICE_UNAVAILABLE` when the tenants ask for too much at once
 */
export function readInTenants<Tx extends SqlTransaction, R>(
  client: TransactionHost<Tx>,
  tenants: readonly KeyOwner[],
  work: (tx: Tx) => Promise<R>,
  deadline?: number,
): Promise<R> {
  const scope: TenantScope = { tenants: listOf(tenants), reading: true, deadline, ending: false };
  return inPlace(client.places?.reads, tenants, () => tenantScope.run(scope, () => client.$transaction(work, LIMITS)));
}

function listOf(tenants: readonly string[]): string {
  for (const tenant of tenants) {
    if (!TENANT_PATTERN.test(tenant)) throw new TypeError(`not a tenant id: ${JSON.stringify(tenant)}`);
  }
  return tenants.join(",");
}
