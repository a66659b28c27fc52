/**
 * The tenants of transactions begun in the current asynchronous context, for the connections of this folder's clients.
 * Set by `platform/database/tenant-transaction.ts` and by nothing else; a transaction begun outside of it sees no
 * tenant's rows.
 */
import { AsyncLocalStorage } from "node:async_hooks";

export interface TenantScope {
  /** Ids separated by commas. */
  readonly tenants: string;
  /** Each statement is a transaction of its own. */
  readonly reading: boolean;
  /** When statements end at the latest, by `performance.now()`: Postgres cancels what still runs then. */
  readonly deadline?: number | undefined;
  /** Its abort ends a transaction that writes, whatever its work does: rolled back, unless it commits just then. */
  readonly over?: AbortSignal | undefined;
  /** The next statement is the transaction's last: its message commits too. */
  ending: boolean;
  /** What is done once a transaction that writes has committed; see `platform/database/after-commit.ts`. */
  readonly afterCommit?: Set<() => void>;
}

export const tenantScope = new AsyncLocalStorage<TenantScope>();
