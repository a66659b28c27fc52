/** What is done once the transaction of the current asynchronous context has committed. */
import { tenantScope } from "../../prisma/tenant-scope.ts";

/**
 * Has `inTenants` call `task` after its commit: once, however often it is named, and never after a rollback. A process
 * that dies in between does not call it, so it may only hasten what happens anyway.
 * @param task never throws
 */
export function afterCommit(task: () => void): void {
  tenantScope.getStore()?.afterCommit?.add(task);
}
