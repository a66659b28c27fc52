/**
 * Makes an account anew out of its history, and tells what differs from what is stored. A dry run writes nothing. The
 * password stays: the history knows nothing of it.
 */
import { canOperate } from "../../../../platform/auth/operators.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Operator } from "../../../../platform/operator/operator.ts";
import { changesBetween, type ProfileChanges, replayed } from "../../domain/profile.ts";
import { profileRebuilt } from "../../domain-events.ts";
import { lockedUser, requireUserId } from "../../operator/change-status.ts";
import type { OperatorServices, UserServices } from "../../services.ts";
import { findProfileEvents } from "../../store/profile-events.ts";
import { profileOf, restoreProfile } from "../../store/users.ts";

export interface ReplayedProfile {
  readonly events: number;
  /** From what is stored to what the history says; empty when they agree. */
  readonly differences: ProfileChanges;
  readonly written: boolean;
}

/** @throws UserFailure `FORBIDDEN`, `INVALID`, `NOT_FOUND` */
export async function replayProfile(
  services: OperatorServices & Partial<Pick<UserServices, "operatorOrganizationId">>,
  { identity, causation }: Operator,
  input: { readonly id: string; readonly dryRun: boolean },
): Promise<CommandOutcome<ReplayedProfile>> {
  if (!canOperate(identity, services.operatorOrganizationId)) {
    throw refuse("FORBIDDEN", "Only operators of this installation may replay an account.");
  }
  const userId = requireUserId(input.id);
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    const stored = await lockedUser(tx, userId);
    const events = await findProfileEvents(tx, userId);
    const rebuilt = replayed(events);
    if (rebuilt === undefined) throw notFound("history of this user", "id");
    const differences = changesBetween(profileOf(stored), rebuilt.state);
    const written = !input.dryRun && Object.keys(differences).length > 0;
    if (written) {
      const { version } = await restoreProfile(tx, userId, rebuilt, { causation, now: services.clock.now() });
      emit(profileRebuilt(userId, version, Object.keys(differences)));
    }
    return { events: events.length, differences, written };
  });
}
