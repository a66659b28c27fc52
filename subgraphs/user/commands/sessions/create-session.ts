/**
 * Signs in. An unknown address, a wrong password and a refused one answer alike, and at the same pace. Only whoever
 * knows the password is asked for a second factor.
 */
import { createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { PLATFORM } from "../../../../platform/auth/principal-ids.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse, UserFailure } from "../../../../platform/errors/user-failure.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import type { SessionCreateInput } from "../../../../schema/generated/user.ts";
import type { UserId } from "../../domain/ids.ts";
import type { Credentials } from "../../domain/user.ts";
import { sessionRejected, signInRejected } from "../../domain-events.ts";
import { accountSuspended, SecondFactorRequired } from "../../errors.ts";
import type { UserServices } from "../../services.ts";
import { noteWrongCode } from "../../store/second-factors.ts";
import { findCredentials, rehashPassword } from "../../store/users.ts";
import { isWrongProof } from "../../validation/second-factor.ts";
import { readDevice } from "../../validation/text.ts";
import { askForPasskey } from "../passkeys/ask-for-passkey.ts";
import { type SignedIn, startSession } from "./start-session.ts";

/** A refusal leaves this long after the password was judged: its event is written in that time. */
const REFUSAL_PAUSE_MS = 50;
const WRONG_CODE = "wrong_code";

/** @throws UserFailure `INVALID`, `TOO_LONG`, `STATE_INVALID`, `SECOND_FACTOR_REQUIRED`, `LIMIT_REACHED` */
export async function createSession(
  services: UserServices,
  cause: Cause,
  { email, password, device, ...proof }: SessionCreateInput,
): Promise<CommandOutcome<SignedIn>> {
  const deviceName = readDevice(device);
  const { database, passwords } = services;
  const account = await findCredentials(database.autocommit, email);
  const matches = await passwords.verify(password, account?.passwordHash);
  if (account !== undefined && matches && account.status === "ACTIVE") {
    await rehashWhenOutdated(services, account, password);
    try {
      return await startSession(services, cause, { userId: account.id, device: deviceName, provedBy: proof });
    } catch (error) {
      if (isWrongProof(error)) await reportRefusal(services, cause, account.id, WRONG_CODE);
      throw await withPasskeyOptions(services, cause, account.id, error);
    }
  }
  const pause = delay(REFUSAL_PAUSE_MS);
  const reason = matches ? account?.status.toLowerCase() : undefined;
  if (account === undefined) await reportUnknown(services, cause, email);
  else await reportRefusal(services, cause, account.id, reason ?? "wrong_password");
  await pause;
  // Only who knows the password learns that the account exists.
  if (matches && account?.status === "PENDING_VERIFICATION") {
    throw refuse("STATE_INVALID", "Confirm your e-mail address first: open the link in the mail we sent you.", "email");
  }
  if (matches && account?.status === "SUSPENDED") throw accountSuspended("email");
  throw refuse("INVALID", "The e-mail address or the password is wrong.");
}

/**
 * The only moment at which the password is known: a cost that was raised reaches old accounts so (OWASP ASVS 2.4.4).
 */
async function rehashWhenOutdated(
  { database, passwords }: Pick<UserServices, "database" | "passwords">,
  { id, passwordHash: from }: Credentials,
  password: string,
): Promise<void> {
  if (passwords.isOutdated(from)) {
    await rehashPassword(database.autocommit, { id, from, to: await passwords.hash(password) });
  }
}

/** Who knows the password, and has passkeys, is told with the refusal what to ask them. */
async function withPasskeyOptions(
  services: UserServices,
  cause: Cause,
  userId: UserId,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof UserFailure) || !error.userErrors.some(({ code }) => code === "SECOND_FACTOR_REQUIRED")) {
    return error;
  }
  const { result } = await askForPasskey(services, cause, userId);
  return new SecondFactorRequired(error.userErrors, result.options);
}

async function reportRefusal(
  services: UserServices,
  { causation }: Cause,
  userId: UserId,
  reason: string,
): Promise<void> {
  await runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    if (reason === WRONG_CODE) await noteWrongCode(tx, userId, services.clock.now());
    emit(sessionRejected(userId, reason));
  });
}

/** The address is told by a digest that the installation's secret is part of: nobody finds it by trying addresses. */
async function reportUnknown(services: UserServices, { causation }: Cause, email: string): Promise<void> {
  const digest = createHmac("sha256", services.refreshKeys[0] ?? "")
    .update(`sign-in ${email}`)
    .digest("hex");
  await runCommand(services, { tenants: [PLATFORM], causation }, async ({ emit }) => emit(signInRejected(digest)));
}
