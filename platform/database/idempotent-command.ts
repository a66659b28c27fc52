/**
 * Runs a command that its client may repeat, and that is about one tenant. The key is the tenant's, so whoever may act
 * for the tenant gets the stored answer.
 */
import type { Causation } from "../events/envelope.ts";
import { type CommandDeps, type CommandOutcome, type CommandScope, runCommand } from "./command.ts";
import type { IdempotentRequest } from "./idempotency.ts";
import type { SqlTransaction } from "./sql-transaction.ts";

export interface IdempotentCommand<Result> extends IdempotentRequest<Result> {
  readonly causation: Causation;
}

/** @throws UserFailure as `runCommand` */
export function runIdempotentCommand<Tx extends SqlTransaction, Result>(
  deps: CommandDeps<Tx>,
  { causation, ...idempotency }: IdempotentCommand<Result>,
  work: (scope: CommandScope<Tx>) => Promise<Result>,
): Promise<CommandOutcome<Result>> {
  return runCommand(deps, { tenants: [idempotency.tenant], causation, idempotency }, work);
}
