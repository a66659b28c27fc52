/**
 * The frame of what operators do to an account or an organisation. Who asks, what it is about and why is checked before
 * anything is read; a change that changes nothing is no failure and has no event.
 */

import type { TenantId } from "../../../platform/auth/principal-ids.ts";
import { type CommandOutcome, type CommandScope, runCommand } from "../../../platform/database/command.ts";
import { notFound } from "../../../platform/errors/refusals.ts";
import type { Operator } from "../../../platform/operator/operator.ts";
import { requireReason } from "../../../platform/validation/reason.ts";
import { UserId } from "../domain/ids.ts";
import type { User } from "../domain/user.ts";
import { requireOperator } from "../errors.ts";
import type { OperatorServices } from "../services.ts";
import type { UserTransaction } from "../store/database.ts";
import { findUser, lockUser } from "../store/users.ts";
import { requireId } from "../validation/text.ts";

export interface SuspensionInput {
  readonly id: string;
  /** Kept in the audit trail, where those concerned can read it. */
  readonly reason: string;
}

export type ChangedStatus = CommandOutcome<{ changed: boolean }>;

/**
 * @param requireTarget reads the id of what it is about. @param change answers whether it changed anything
 * @throws UserFailure `INVALID`, `BLANK`, `TOO_LONG`, or what `change` throws
 */
export async function changeStatus<Target extends TenantId>(
  services: OperatorServices,
  { identity, causation }: Operator,
  input: SuspensionInput,
  requireTarget: (text: string) => Target,
  change: (scope: CommandScope<UserTransaction>, target: Target, reason: string) => Promise<boolean>,
): Promise<ChangedStatus> {
  requireOperator(identity);
  const target = requireTarget(input.id);
  const reason = requireReason(input.reason);
  return runCommand(services, { tenants: [target], causation }, async (scope) => ({
    changed: await change(scope, target, reason),
  }));
}

export const requireUserId = (text: string): UserId => requireId(UserId, text, "a user");

/** For a change of its status. @throws UserFailure `NOT_FOUND` */
export async function lockedUser(tx: UserTransaction, id: UserId): Promise<User> {
  await lockUser(tx, id);
  const user = await findUser(tx, id);
  if (user === undefined) throw notFound("user", "id");
  return user;
}
