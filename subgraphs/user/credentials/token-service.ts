/**
 * What stands behind credentials: public keys of access tokens, and the facts of a session or an API key as they are
 * now. Asked by the gateway alone.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { IDENTITY_HEADER, type IdentityVerifier } from "../../../platform/auth/identity-header.ts";
import type { TokenService } from "../../../platform/auth/token-service.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import { sessionKey } from "../cache/row-caches.ts";
import { apiKeyPermissions, apiKeyStatus, earliest } from "../domain/api-key.ts";
import { SessionId, UserId } from "../domain/ids.ts";
import type { UserServices } from "../services.ts";
import { findApiKeyBySecret, touchApiKey } from "../store/api-keys.ts";
import { findGrants } from "../store/roles.ts";
import { findSession, touchSession } from "../store/sessions.ts";
import { findUser } from "../store/users.ts";
import { API_KEY_TOKEN, parseToken } from "./opaque-token.ts";
import { readGrants } from "./read-grants.ts";

/** `lastSeenAt` and `lastUsedAt` are this exact, in milliseconds. */
const SEEN_EVERY_MS = 60_000;

export function createTokenService({
  database,
  clock,
  accessTokens,
  rowCaches,
}: Pick<UserServices, "database" | "clock" | "accessTokens" | "rowCaches">): TokenService {
  return {
    keys: async () => ({ keys: accessTokens.keys() }),
    async session(sessionId, userId) {
      const now = clock.now();
      let touched = false;
      const alive = await inTenants(database, [userId], async (tx) => {
        const session = await findSession(tx, sessionId);
        if (session?.userId !== userId || session.revokedAt !== null || session.expiresAt <= now) return false;
        if ((await findUser(tx, userId))?.status !== "ACTIVE") return false;
        const seenMs = now.getTime() - session.lastSeenAt.getTime();
        touched = seenMs > SEEN_EVERY_MS;
        if (touched) await touchSession(tx, sessionId, { now, everyMs: SEEN_EVERY_MS });
        return true;
      });
      if (touched) await rowCaches.sessions.forget(sessionKey(userId, sessionId));
      if (!alive) return null;
      const grants = await readGrants(database, userId);
      return {
        userId,
        sessionId,
        grants: Object.fromEntries([...grants].map(([id, permissions]) => [id, [...permissions].sort()])),
      };
    },
    async apiKey(token) {
      const parsed = parseToken(API_KEY_TOKEN, token);
      if (parsed === undefined) return null;
      const { ownerId: organizationId, hash } = parsed;
      const now = clock.now();
      return inTenants(database, [organizationId], async (tx) => {
        const found = await findApiKeyBySecret(tx, hash);
        if (found === undefined) return null;
        const { apiKey, endsAt } = found;
        if (apiKeyStatus(apiKey, now) !== "ACTIVE" || (endsAt !== null && endsAt <= now)) return null;
        const { id: keyId, grantedById, scopes, expiresAt } = apiKey;
        if ((await findUser(tx, grantedById))?.status !== "ACTIVE") return null;
        const giverMay = (await findGrants(tx, grantedById)).get(organizationId);
        if (giverMay === undefined) return null;
        await touchApiKey(tx, keyId, { now, notAfter: new Date(now.getTime() - SEEN_EVERY_MS) });
        return {
          keyId,
          organizationId,
          grantedBy: grantedById,
          permissions: apiKeyPermissions(scopes, giverMay),
          expiresAt: earliest(expiresAt, endsAt),
        };
      });
    },
  };
}

const bodySchema = z.object({ sessionId: z.string(), userId: z.string() });
const apiKeyBodySchema = z.object({ token: z.string() });
/** Verifiers keep a key set this long, in seconds; a new key signs only after it was published for longer. */
const KEYS_MAX_AGE = 60;

/**
 * `GET /.well-known/jwks.json` for everybody; `POST /internal/session` and `POST /internal/api-key` for services with a
 * signed identity.
 */
export function registerTokenRoutes(server: FastifyInstance, service: TokenService, verifier: IdentityVerifier): void {
  server.get("/.well-known/jwks.json", async (_request, reply) =>
    reply.header("cache-control", `public, max-age=${KEYS_MAX_AGE}`).send(await service.keys()),
  );
  async function requireService(request: FastifyRequest): Promise<void> {
    const header = request.headers[IDENTITY_HEADER];
    const { identity } = await verifier.verify(typeof header === "string" ? header : undefined);
    if (identity.kind !== "SERVICE") throw new AppError("FORBIDDEN", "Only services may ask this.");
  }
  server.post("/internal/session", async (request, reply) => {
    await requireService(request);
    const body = bodySchema.safeParse(request.body);
    if (!body.success) throw new AppError("BAD_REQUEST", "Send a JSON object with `sessionId` and `userId`.");
    const sessionId = SessionId.from(body.data.sessionId);
    const userId = UserId.from(body.data.userId);
    const session = sessionId === undefined || userId === undefined ? null : await service.session(sessionId, userId);
    return reply.header("cache-control", "no-store").send({ session });
  });
  server.post("/internal/api-key", async (request, reply) => {
    await requireService(request);
    const body = apiKeyBodySchema.safeParse(request.body);
    if (!body.success) throw new AppError("BAD_REQUEST", "Send a JSON object with `token`.");
    return reply.header("cache-control", "no-store").send({ apiKey: await service.apiKey(body.data.token) });
  });
}
