/** The token service over HTTP: what `createHttpTokenService` asks. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { IDENTITY_HEADER, type IdentityVerifier } from "../../../platform/auth/identity-header.ts";
import {
  clientClaimsSchema,
  clientCredentialsSchema,
  type TokenService,
} from "../../../platform/auth/token-service.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import { SessionId, UserId } from "../domain/ids.ts";

/** Verifiers keep a key set this long, in seconds; a new key signs only after it was published for longer. */
const KEYS_MAX_AGE = 60;

const sessionQuestion = z.object({ sessionId: z.string(), userId: z.string() });
const apiKeyQuestion = z.object({ token: z.string() });

/** `GET /.well-known/jwks.json` for everybody; `POST /internal/…` for services with a signed identity. */
export function registerTokenRoutes(server: FastifyInstance, service: TokenService, verifier: IdentityVerifier): void {
  server.get("/.well-known/jwks.json", async (_request, reply) =>
    reply.header("cache-control", `public, max-age=${KEYS_MAX_AGE}`).send(await service.keys()),
  );

  async function requireService(request: FastifyRequest): Promise<void> {
    const header = request.headers[IDENTITY_HEADER];
    const { identity } = await verifier.verify(typeof header === "string" ? header : undefined);
    if (identity.kind !== "SERVICE") throw new AppError("FORBIDDEN", "Only services may ask this.");
  }

  function answer<Schema extends z.ZodType>(
    question: string,
    schema: Schema,
    work: (asked: z.infer<Schema>) => Promise<unknown>,
  ): void {
    server.post(`/internal/${question}`, async (request, reply) => {
      await requireService(request);
      const body = schema.safeParse(request.body);
      if (!body.success) throw new AppError("BAD_REQUEST", `This is no question about a ${question}.`);
      return reply.header("cache-control", "no-store").send(await work(body.data));
    });
  }

  answer("session", sessionQuestion, async (asked) => {
    const sessionId = SessionId.from(asked.sessionId);
    const userId = UserId.from(asked.userId);
    const known = sessionId !== undefined && userId !== undefined;
    return { session: known ? await service.session(sessionId, userId) : null };
  });
  answer("api-key", apiKeyQuestion, async ({ token }) => ({ apiKey: await service.apiKey(token) }));
  answer("client-token", clientCredentialsSchema, (credentials) => service.clientToken(credentials));
  answer("client", clientClaimsSchema, async (claims) => ({ apiKey: await service.client(claims) }));
}
