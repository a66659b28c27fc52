/** Signs in. An unknown address, a wrong password and a refused one answer alike, and at the same pace. */
import { setTimeout as delay } from "node:timers/promises";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse, type UserFailure } from "../../../../platform/errors/user-failure.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import type { SessionCreateInput } from "../../../../schema/generated/user.ts";
import { cacheSession } from "../../cache/row-caches.ts";
import { mintToken, REFRESH_TOKEN } from "../../credentials/opaque-token.ts";
import type { UserId } from "../../domain/ids.ts";
import type { Session } from "../../domain/session.ts";
import type { Credentials } from "../../domain/user.ts";
import { sessionCreated, sessionRejected } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { insertRefreshToken } from "../../store/refresh-tokens.ts";
import { insertSession } from "../../store/sessions.ts";
import { findCredentials, findUser, lockUser, rehashPassword } from "../../store/users.ts";
import { requireDevice } from "../../validation/text.ts";

export interface SessionTokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** When the access token expires. */
  readonly expiresAt: Date;
}

export interface SignedIn {
  readonly session: Session;
  readonly tokens: SessionTokens;
}

/** A refusal leaves this long after the password was judged: the event of a known account is written in that time. */
const REFUSAL_PAUSE_MS = 50;

/** @throws UserFailure `INVALID`, `TOO_LONG`, `STATE_INVALID` */
export async function createSession(
  services: UserServices,
  cause: Cause,
  { email, password, device }: SessionCreateInput,
): Promise<CommandOutcome<SignedIn>> {
  const deviceName = device == null || device.trim() === "" ? null : requireDevice(device);
  const { database, passwords } = services;
  const account = await findCredentials(database.autocommit, email);
  const matches = await passwords.verify(password, account?.passwordHash);
  if (account !== undefined && matches && account.status === "ACTIVE") {
    await rehashWhenOutdated(services, account, password);
    return startSession(services, cause, { userId: account.id, device: deviceName });
  }
  const pause = delay(REFUSAL_PAUSE_MS);
  if (account !== undefined) await reportRefusal(services, cause, account.id, matches ? account.status : undefined);
  await pause;
  // Only who knows the password learns that the account exists.
  if (matches && account?.status === "PENDING_VERIFICATION") {
    throw refuse("STATE_INVALID", "Confirm your e-mail address first: open the link in the mail we sent you.", "email");
  }
  if (matches && account?.status === "SUSPENDED") throw suspended();
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

function suspended(): UserFailure {
  return refuse("STATE_INVALID", "This account is suspended: ask those who run this platform.", "email");
}

async function startSession(
  services: UserServices,
  { causation, client }: Cause,
  { userId, device }: { userId: UserId; device: string | null },
): Promise<CommandOutcome<SignedIn>> {
  const { clock, ids, accessTokens, sessionLifetimeMs } = services;
  const sessionId = ids.next("ses");
  const refresh = mintToken(REFRESH_TOKEN, userId);
  const access = await accessTokens.issue(userId, sessionId);
  const actor = { ...causation, actorKind: "USER" as const, actorId: userId, sessionId };
  const outcome = await runCommand(services, { tenants: [userId], causation: actor }, async ({ tx, emit }) => {
    await lockUser(tx, userId);
    // Again: a suspension that came after the password was judged ends every session, and this one must not outlive it.
    if ((await findUser(tx, userId))?.status !== "ACTIVE") throw suspended();
    const now = clock.now();
    const session = await insertSession(tx, {
      id: sessionId,
      userId,
      device,
      ip: client.ip ?? null,
      userAgent: client.userAgent ?? null,
      now,
      expiresAt: new Date(now.getTime() + sessionLifetimeMs),
    });
    await insertRefreshToken(tx, { tokenHash: refresh.hash, sessionId, userId, createdAt: now });
    emit(sessionCreated(session));
    return { session, tokens: { ...access, refreshToken: refresh.token } };
  });
  await cacheSession(services, outcome.result.session);
  return outcome;
}

async function reportRefusal(
  services: UserServices,
  { causation }: Cause,
  userId: UserId,
  status: string | undefined,
): Promise<void> {
  const reason = status === undefined ? "wrong_password" : status.toLowerCase();
  await runCommand(services, { tenants: [userId], causation }, async ({ emit }) => {
    emit(sessionRejected(userId, reason));
  });
}
