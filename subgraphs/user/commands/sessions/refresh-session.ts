/**
 * Trades a refresh token for new tokens. Each has one successor. For ten seconds a token may be traded again, for a
 * client whose answer got lost, and brings the same successor. Later it can only be a stolen copy, and so can one whose
 * successor was traded already: then the whole session ends, whoever holds its newest token (RFC 9700, section 4.14.2).
 */
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Cause } from "../../../../platform/graphql/subgraph-context.ts";
import type { SessionRefreshInput } from "../../../../schema/generated/user.ts";
import { cacheSession } from "../../cache/row-caches.ts";
import { type MintedToken, parseToken, REFRESH_TOKEN, successorOf } from "../../credentials/opaque-token.ts";
import type { RefreshToken } from "../../domain/session.ts";
import { sessionRevoked } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import type { UserTransaction } from "../../store/database.ts";
import {
  findRefreshTokens,
  insertRefreshToken,
  lockRefreshToken,
  replaceRefreshToken,
} from "../../store/refresh-tokens.ts";
import { findSession, revokeSessions, touchSession } from "../../store/sessions.ts";
import { findUser } from "../../store/users.ts";
import type { SignedIn } from "./start-session.ts";

const OVERLAP_MS = 10_000;
/** A traded token that is older than this is unknown: it is refused as before, but betrays nobody any more. */
const RETENTION_MS = 7 * 24 * 3_600_000;

const REUSED = "refresh_token_reused";

/** @throws UserFailure `EXPIRED` */
export async function refreshSession(
  services: UserServices,
  { causation }: Cause,
  { refreshToken }: SessionRefreshInput,
): Promise<CommandOutcome<SignedIn>> {
  const ended = refuse("EXPIRED", "This session has ended: sign in again.", "refreshToken");
  const parsed = parseToken(REFRESH_TOKEN, refreshToken);
  if (parsed === undefined) throw ended;
  const { ownerId: userId, hash: tokenHash } = parsed;
  const { clock, accessTokens, refreshKeys } = services;
  const successors = refreshKeys.map((key) => successorOf(REFRESH_TOKEN, userId, refreshToken, key));
  const outcome = await runCommand(services, { tenants: [userId], causation }, async ({ tx, emit }) => {
    const now = clock.now();
    const token = await lockRefreshToken(tx, tokenHash);
    if (token === undefined) return undefined;
    const { sessionId } = token;
    const next = await successorIn(tx, token, successors, now);
    if (next === undefined) {
      const revoked = await revokeSessions(tx, { userId, ids: [sessionId], reason: REUSED, now });
      for (const session of revoked) emit(sessionRevoked(session, REUSED));
      return undefined;
    }
    const session = await findSession(tx, sessionId);
    const user = await findUser(tx, userId);
    if (session === undefined || session.revokedAt !== null || session.expiresAt <= now) return undefined;
    if (user?.status !== "ACTIVE") return undefined;
    if (token.replacedAt === null) {
      await replaceRefreshToken(tx, token, { now, forgetBefore: new Date(now.getTime() - RETENTION_MS) });
      await insertRefreshToken(tx, { tokenHash: next.hash, sessionId, userId, createdAt: now });
    }
    await touchSession(tx, sessionId, { now, everyMs: 0 });
    return { session: { ...session, lastSeenAt: now }, refreshToken: next.token };
  });
  const { result } = outcome;
  // Thrown after the commit: the end of a stolen session must stay.
  if (result === undefined) throw ended;
  await cacheSession(services, result.session);
  const access = await accessTokens.issue(userId, result.session.id);
  return {
    replayed: false,
    result: { session: result.session, tokens: { ...access, refreshToken: result.refreshToken } },
  };
}

/** @returns `undefined` when only a copy of the token can have come: it is late, or its successor was traded */
async function successorIn(
  tx: UserTransaction,
  { replacedAt }: RefreshToken,
  successors: readonly MintedToken[],
  now: Date,
): Promise<MintedToken | undefined> {
  if (replacedAt === null) return successors[0];
  if (now.getTime() - replacedAt.getTime() > OVERLAP_MS) return undefined;
  // Under the key that derived it, which is not the first one when keys were changed a moment ago.
  const known = await findRefreshTokens(
    tx,
    successors.map(({ hash }) => hash),
  );
  return successors.find(({ hash }) => known.some((one) => one.tokenHash === hash && one.replacedAt === null));
}
