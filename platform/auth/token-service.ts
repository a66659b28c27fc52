/**
 * The typed client of the service that issues sessions and access tokens: the gateway asks it what they may do. One
 * interface, a direct call inside one process and HTTP with a signed service identity between processes.
 */
import { z } from "zod";
import { ApiKeyId, OrganizationId, SessionId, UserId } from "./principal-ids.ts";

/** What stands behind a valid access token. */
export interface SessionFacts {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  /** By organisation. */
  readonly grants: Readonly<Record<OrganizationId, readonly string[]>>;
}

/** What stands behind a valid API key. */
export interface ApiKeyFacts {
  readonly keyId: ApiKeyId;
  readonly organizationId: OrganizationId;
  /** Whose rights bound the key's. */
  readonly grantedBy: UserId;
  /** What the key may do now. */
  readonly permissions: readonly string[];
  /** When this secret of it ends; `null`: it ends by being revoked only. */
  readonly expiresAt: Date | null;
}

/** What a program trades for an access token (RFC 6749, section 4.4). */
export interface ClientCredentials {
  /** Id of an API key. */
  readonly clientId: string;
  /** The whole key. */
  readonly clientSecret: string;
  /** Names of permissions; absent: all that the key was given. */
  readonly scope?: readonly string[] | undefined;
}

export interface ClientToken {
  readonly accessToken: string;
  /** In seconds from now. */
  readonly expiresIn: number;
  /** Names of the permissions that the token asks for. */
  readonly scope: readonly string[];
}

/** Error codes of RFC 6749, section 5.2. */
export type ClientRefusal = "invalid_client" | "invalid_scope";

export type ClientAnswer =
  | { readonly token: ClientToken; readonly refused?: undefined }
  | { readonly token?: undefined; readonly refused: ClientRefusal };

/** What an access token says of the API key that it was traded for. */
export interface ClientClaims {
  readonly organizationId: OrganizationId;
  /** SHA-256 of the secret, base64url: the token ends with it. */
  readonly secretHash: string;
}

export interface TokenService {
  /** Public keys of access tokens, a JWK set (RFC 7517). */
  keys(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
  /** The facts of a live session; `null` when it is revoked, expired or unknown, or when the user is suspended. */
  session(sessionId: SessionId, userId: UserId): Promise<SessionFacts | null>;
  /**
   * The facts of a live API key; `null` when it is revoked, expired or unknown, or when whoever gave it is suspended or
   * left the organisation.
   * @param token the whole key, as its program sends it
   */
  apiKey(token: string): Promise<ApiKeyFacts | null>;
  /** An access token for a live API key. */
  clientToken(credentials: ClientCredentials): Promise<ClientAnswer>;
  /** Like `apiKey`, for the key that an access token was traded for. */
  client(claims: ClientClaims): Promise<ApiKeyFacts | null>;
}

export const sessionFactsSchema = z.object({
  userId: UserId.schema,
  sessionId: SessionId.schema,
  grants: z.record(OrganizationId.schema, z.array(z.string())),
});

/** As it comes over HTTP. */
export const apiKeyFactsSchema = z.object({
  keyId: ApiKeyId.schema,
  organizationId: OrganizationId.schema,
  grantedBy: UserId.schema,
  permissions: z.array(z.string()),
  expiresAt: z.coerce.date().nullable(),
});

export const clientCredentialsSchema = z.object({
  clientId: z.string(),
  clientSecret: z.string(),
  scope: z.array(z.string()).optional(),
});

export const clientAnswerSchema = z.union([
  z.object({
    token: z.object({ accessToken: z.string(), expiresIn: z.number(), scope: z.array(z.string()) }),
  }),
  z.object({ refused: z.enum(["invalid_client", "invalid_scope"]) }),
]);

export const clientClaimsSchema = z.object({ organizationId: OrganizationId.schema, secretHash: z.string() });
