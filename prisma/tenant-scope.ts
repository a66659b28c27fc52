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
  /** Of reads: when their statements end at the latest, by `performance.now()`. */
  readonly deadline?: number | undefined;
  /** The next statement is the transaction's last: its message commits too. */
  ending: boolean;
}

export const tenantScope = new AsyncLocalStorage<TenantScope>();
