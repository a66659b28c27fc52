/**
 * The token service over HTTP, for processes apart from the subgraph that issues sessions: signed service identity,
 * bounded waits, checked answers.
 */
import { z } from "zod";
import { AppError } from "../errors/app-error.ts";
import { firstAnswer } from "../http/first-answer.ts";
import type { Identity } from "./identity.ts";
import { IDENTITY_HEADER, type IdentitySigner } from "./identity-header.ts";
import { apiKeyFactsSchema, clientAnswerSchema, sessionFactsSchema, type TokenService } from "./token-service.ts";

export interface HttpTokenServiceOptions {
  /** Addresses of the service that issues sessions, without a path, in the order in which they are tried. */
  readonly addresses: () => readonly string[];
  readonly signer: IdentitySigner;
  /** Name of the calling process in the service identity. Default `gateway`. */
  readonly service?: string;
  /** Name of the subgraph that issues sessions: the audience of the service identity. */
  readonly audience: string;
  /** Deadline of one question to all addresses, in milliseconds. Default 3000. */
  readonly timeoutMs?: number;
}

/** Wrapped, so that "no such session" is an answer with a body. */
const answerSchema = z.object({ session: sessionFactsSchema.nullable() });
const apiKeyAnswerSchema = z.object({ apiKey: apiKeyFactsSchema.nullable() });
const keySetSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

/** Its calls reject with AppError `SERVICE_UNAVAILABLE` when the service does not answer as agreed. */
export function createHttpTokenService(options: HttpTokenServiceOptions): TokenService {
  const { addresses, signer, service = "gateway", audience, timeoutMs = 3_000 } = options;
  // One object for all calls: the signer reuses a signature per identity object.
  const identity: Identity = { kind: "SERVICE", service };

  async function call<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    init: RequestInit,
  ): Promise<z.infer<Schema>> {
    try {
      const response = await firstAnswer({ addresses: addresses(), path, init, timeoutMs });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`${path} answered ${response.status}`);
      }
      return schema.parse(await response.json());
    } catch (cause) {
      throw new AppError("SERVICE_UNAVAILABLE", "Sessions cannot be checked at the moment: try again shortly.", {
        cause,
      });
    }
  }

  async function ask<Schema extends z.ZodType>(
    path: string,
    schema: Schema,
    question: Readonly<Record<string, unknown>>,
  ): Promise<z.infer<Schema>> {
    const headers = {
      "content-type": "application/json",
      [IDENTITY_HEADER]: await signer.sign(audience, identity, {}),
    };
    return call(path, schema, { method: "POST", headers, body: JSON.stringify(question) });
  }

  return {
    keys: () => call("/.well-known/jwks.json", keySetSchema, {}),
    session: async (sessionId, userId) => (await ask("/internal/session", answerSchema, { sessionId, userId })).session,
    apiKey: async (token) => (await ask("/internal/api-key", apiKeyAnswerSchema, { token })).apiKey,
    clientToken: (credentials) => ask("/internal/client-token", clientAnswerSchema, { ...credentials }),
    client: async (claims) => (await ask("/internal/client", apiKeyAnswerSchema, { ...claims })).apiKey,
  };
}
