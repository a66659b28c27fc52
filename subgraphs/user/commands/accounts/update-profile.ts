/** Changes what the viewer's account tells of them. What is not named stays. Changing nothing is no event. */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Person } from "../../../../platform/graphql/subgraph-context.ts";
import type { UserProfileUpdateInput } from "../../../../schema/generated/user.ts";
import { UserId } from "../../domain/ids.ts";
import { changesBetween } from "../../domain/profile.ts";
import type { User } from "../../domain/user.ts";
import { profileUpdated } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { findUser, lockUser, profileOf, writeUser } from "../../store/users.ts";
import { requireLocaleOrNone, requireTimeZone } from "../../validation/locale.ts";
import { requireDisplayName } from "../../validation/text.ts";

/** @throws UserFailure `NOT_FOUND`, `VERSION_CONFLICT`, `BLANK`, `INVALID`, `TOO_LONG` */
export async function updateProfile(
  services: UserServices,
  { identity: { userId }, causation }: Person,
  input: UserProfileUpdateInput,
): Promise<CommandOutcome<User>> {
  const missing = notFound("user", "id");
  // Another person's profile is nobody's to change: it answers like a missing one.
  if (UserId.from(input.id) !== userId) throw missing;
  const { displayName, locale, timeZone } = input;
  const set = {
    ...(displayName == null ? {} : { displayName: requireDisplayName(displayName) }),
    ...(locale === undefined ? {} : { locale: requireLocaleOrNone(locale) }),
    ...(timeZone === undefined ? {} : { timeZone: timeZone === null ? null : requireTimeZone(timeZone) }),
  };
  return runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    await lockUser(tx, userId);
    const before = await findUser(tx, userId);
    if (before === undefined) throw missing;
    if (before.version !== input.expectedVersion) {
      throw refuse("VERSION_CONFLICT", "Your account was changed since: look at it again.", "expectedVersion");
    }
    const changes = changesBetween(profileOf(before), { ...profileOf(before), ...set });
    if (Object.keys(changes).length === 0) return before;
    const after = await writeUser(tx, userId, { type: "UPDATED", set }, { causation, now: services.clock.now() });
    if (after === undefined) throw missing;
    emit(profileUpdated(userId, after.version, changes));
    return after;
  });
}
