/**
 * Opens an account. The answer never tells whether the address was known: an owner of an account is told by mail
 * instead. Until the address is confirmed, each registration is kept apart: nobody can occupy an address, and nobody's
 * password becomes that of another one's account.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { UserFailure } from "../../../../platform/errors/user-failure.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import type { UserRegisterInput } from "../../../../schema/generated/user.ts";
import { passwordErrors } from "../../credentials/passwords.ts";
import { MAX_PENDING_REGISTRATIONS } from "../../domain/pending-registration.ts";
import { registrationRepeated, userRegistered, verificationRequested } from "../../domain-events.ts";
import { sealPlan } from "../../provisioning/seal-plan.ts";
import type { UserServices } from "../../services.ts";
import { insertPendingRegistration } from "../../store/pending-registrations.ts";
import { findUserByEmail, insertUser, replaceRegistration } from "../../store/users.ts";
import { requireLocaleOrNone } from "../../validation/locale.ts";
import { requireOrganizationWish } from "../../validation/organization-wish.ts";
import { requireDisplayName, requireEmail } from "../../validation/text.ts";

const storedResult = z.object({ accepted: z.boolean() });

/** @throws UserFailure `BLANK`, `TOO_LONG`, `INVALID` */
export async function registerUser(
  services: Pick<UserServices, "database" | "outbox" | "evict" | "clock" | "ids" | "passwords" | "tokenSeal">,
  { causation, client }: Cause,
  { password, displayName, idempotencyKey, ...input }: UserRegisterInput,
): Promise<CommandOutcome<{ accepted: boolean }>> {
  const email = requireEmail(input.email);
  const name = requireDisplayName(displayName);
  const locale = requireLocaleOrNone(input.locale);
  const wish = requireOrganizationWish(input);
  const errors = passwordErrors(password, [email, name]);
  if (errors.length > 0) throw new UserFailure(errors);
  const { clock, ids, passwords, database } = services;
  // Before the lookup, for known and unknown addresses alike: it takes by far the longest.
  const passwordHash = await passwords.hash(password);
  const existing = await findUserByEmail(database.autocommit, email);
  const id = existing?.id ?? ids.next("usr");
  const anonymous = `anon_${createHash("sha256").update(email).digest("hex").slice(0, 32)}` as const;
  const command = {
    tenants: [id, anonymous],
    causation,
    ...(idempotencyKey == null
      ? {}
      : {
          // Without the password: what is stored here is a fast hash of the input.
          idempotency: {
            key: idempotencyKey,
            tenant: anonymous,
            command: "userRegister",
            // As it was before these could be asked for: an old key goes on meaning the same.
            input: {
              email,
              name,
              ...(locale === null ? {} : { locale }),
              ...(wish.organizationName === null ? {} : wish),
            },
            result: storedResult,
          },
        }),
  };
  return runCommand(services, command, async ({ tx, emit }) => {
    const now = clock.now();
    const chosen = { displayName: name, locale, passwordHash };
    const choose = () =>
      insertPendingRegistration(
        tx,
        {
          id: ids.uuid(),
          userId: id,
          ...chosen,
          ip: client.ip ?? null,
          organizationName: wish.organizationName,
          plan: wish.plan === null ? null : sealPlan(services, id, wish.plan),
          createdAt: now,
        },
        MAX_PENDING_REGISTRATIONS,
      );
    if (existing === undefined) {
      // False: the same address was registered a moment ago, and its owner gets the mail of that one.
      if (await insertUser(tx, { id, email, ...chosen }, { causation, now })) {
        await choose();
        emit(userRegistered(id, now));
      }
      return { accepted: true };
    }
    const replaced = await replaceRegistration(tx, { id, ...chosen }, { causation, now });
    if (replaced === undefined) {
      emit(registrationRepeated(id, existing.version));
      return { accepted: true };
    }
    await choose();
    emit(verificationRequested(id, replaced.version));
    return { accepted: true };
  });
}
