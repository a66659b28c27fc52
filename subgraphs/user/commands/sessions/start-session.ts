/** Begins a session of somebody who has shown who they are. */
import type { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import { cacheSession } from "../../cache/row-caches.ts";
import { mintToken, REFRESH_TOKEN } from "../../credentials/opaque-token.ts";
import type { UserId } from "../../domain/ids.ts";
import type { Session } from "../../domain/session.ts";
import { sessionCreated } from "../../domain-events.ts";
import { accountSuspended } from "../../errors.ts";
import type { UserServices } from "../../services.ts";
import { insertRefreshToken } from "../../store/refresh-tokens.ts";
import { insertSession } from "../../store/sessions.ts";
import { findUser, lockUser } from "../../store/users.ts";
import { type FactorProof, takeProof } from "../../validation/second-factor.ts";

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

export interface NewSignIn {
  readonly userId: UserId;
  readonly device: string | null;
  /**
   * What there is beside the password: a second factor, or the organisation whose provider confirmed the user. The
   * provider asks for a second factor of its own, or does not: that is its organisation's choice.
   */
  readonly provedBy: FactorProof | OrganizationId;
}

/** @throws UserFailure `STATE_INVALID`, and those of `takeProof` */
export async function startSession(
  services: UserServices,
  { causation, client }: Cause,
  { userId, device, provedBy }: NewSignIn,
): Promise<CommandOutcome<SignedIn>> {
  const { clock, ids, accessTokens, sessionLifetimeMs } = services;
  const sessionId = ids.next("ses");
  const refresh = mintToken(REFRESH_TOKEN, userId);
  const access = await accessTokens.issue(userId, sessionId);
  const actor = { ...causation, actorKind: "USER" as const, actorId: userId, sessionId };
  const providerOrganizationId = typeof provedBy === "string" ? provedBy : null;
  const outcome = await runCommand(services, { tenants: [userId], causation: actor }, async ({ tx, emit }) => {
    await lockUser(tx, userId);
    // Again: a suspension that came after the password was judged ends every session, and this one must not outlive it.
    if ((await findUser(tx, userId))?.status !== "ACTIVE") throw accountSuspended("email");
    const now = clock.now();
    if (typeof provedBy !== "string") await takeProof(services, tx, userId, provedBy, { now, emit });
    const session = await insertSession(tx, {
      id: sessionId,
      userId,
      device,
      ip: client.ip ?? null,
      userAgent: client.userAgent ?? null,
      providerOrganizationId,
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
