/**
 * The tenants of transactions begun in the current asynchronous context, for the connections of this folder's clients.
 * Set by `inTenants` (platform/database) and by nothing else; a transaction begun outside of it sees no tenant's rows.
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** Ids separated by commas. */
export const tenantScope = new AsyncLocalStorage<string>();
