/** By what the authenticator drops the facts that it keeps of sessions and API keys. */
import type { Revocation } from "../ports.ts";

/** On loads whose organisation is not known yet, while they are under way. */
export const ANY_ORGANIZATION = "organization:any";
/** On loads of API keys while they are under way: neither the key nor its giver is known yet. */
export const ANY_API_KEY = "api-key:any";

/** How long a credential that is not good is not asked about again: a suspended user may return. */
export const NO_CREDENTIAL_MS = 5_000;

export const sessionTag = (id: string): string => `session:${id}`;
export const apiKeyTag = (id: string): string => `api-key:${id}`;
export const userTag = (id: string): string => `user:${id}`;
export const organizationTag = (id: string): string => `organization:${id}`;

/** None: it may concern anybody. */
export function tagsConcerned({ sessionId, apiKeyId, userId, organizationId }: Revocation): readonly string[] {
  if (sessionId !== undefined) return [sessionTag(sessionId)];
  if (apiKeyId !== undefined) return [apiKeyTag(apiKeyId), ANY_API_KEY];
  if (userId !== undefined) return [userTag(userId), ANY_API_KEY];
  return organizationId === undefined ? [] : [organizationTag(organizationId), ANY_ORGANIZATION];
}
