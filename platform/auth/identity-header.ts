/**
 * The signed identity header, the only credential a subgraph accepts: a JWT (HS256, 60 s) for exactly one audience.
 * Every process of one installation shares the secrets; the first signs, all verify, so they rotate without downtime.
 */
import { errors, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { AppError } from "../errors/app-error.ts";
import type { ClientFacts, Grants, Identity } from "./identity.ts";
import { ApiKeyId, OrganizationId, SessionId, UserId } from "./principal-ids.ts";

/** Header that carries the token. The gateway drops it from client requests. */
export const IDENTITY_HEADER = "x-tributary-identity";

const LIFETIME_SECONDS = 60;
/** A signature is reused for this long, so that a busy session does not pay for one per fetch. */
const REUSE_MS = 20_000;
const MAX_REUSED = 10_000;
const MAX_VERIFIED = 10_000;

const claimsSchema = z.object({
  kind: z.enum(["ANONYMOUS", "API_KEY", "AUDIENCE", "USER", "SERVICE"]),
  sub: z.string().optional(),
  sid: z.string().optional(),
  /** Of an API key: who gave it. */
  by: z.string().optional(),
  /** [permissions, organisation ids][]: members of many organisations mostly hold the same few sets. */
  grants: z.array(z.tuple([z.array(z.string()), z.array(OrganizationId.schema)])).optional(),
  ip: z.string().optional(),
  ua: z.string().optional(),
});

export interface SignedIdentity {
  readonly identity: Identity;
  readonly client: ClientFacts;
}

export interface IdentitySigner {
  /** A token that the subgraph `audience` accepts. */
  sign(audience: string, identity: Identity, client: ClientFacts): Promise<string>;
}

export interface IdentityVerifier {
  /** @throws AppError `UNAUTHENTICATED` when the token is missing, forged, expired or meant for another audience */
  verify(token: string | undefined): Promise<SignedIdentity>;
}

const ISSUER = "tributary-gateway";

export function createIdentitySigner(secrets: readonly string[], clock: Clock): IdentitySigner {
  const key = encodeKey(secrets[0]);
  const reusable = new WeakMap<Identity, Map<string, { token: string; until: number }>>();

  return {
    async sign(audience, identity, client) {
      const now = clock.now().getTime();
      let tokens = reusable.get(identity);
      if (tokens === undefined || tokens.size > MAX_REUSED) {
        tokens = new Map();
        reusable.set(identity, tokens);
      }
      const slot = `${audience}\n${client.ip ?? ""}\n${client.userAgent ?? ""}`;
      const cachedToken = tokens.get(slot);
      if (cachedToken !== undefined && cachedToken.until > now) return cachedToken.token;
      const issuedAt = Math.floor(now / 1000);
      const token = await new SignJWT(toClaims(identity, client))
        .setProtectedHeader({ alg: "HS256" })
        .setIssuer(ISSUER)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + LIFETIME_SECONDS)
        .sign(key);
      tokens.set(slot, { token, until: now + REUSE_MS });
      return token;
    },
  };
}

export function createIdentityVerifier(secrets: readonly string[], audience: string, clock: Clock): IdentityVerifier {
  const keys = secrets.map(encodeKey);
  // The gateway sends one signature many times; each is checked once.
  const verified = new LRUCache<string, { readonly signed: SignedIdentity; readonly until: number }>({
    max: MAX_VERIFIED,
  });
  const refusal = (cause?: unknown) =>
    new AppError("UNAUTHENTICATED", "This service answers the gateway only: send the request to the gateway.", {
      cause,
    });

  return {
    async verify(token) {
      if (token === undefined || token === "") throw refusal();
      const verifiedIdentity = verified.get(token);
      if (verifiedIdentity !== undefined && verifiedIdentity.until > clock.now().getTime())
        return verifiedIdentity.signed;
      let failure: unknown;
      for (const key of keys) {
        try {
          const options = { algorithms: ["HS256"], issuer: ISSUER, audience, currentDate: clock.now() };
          const { payload } = await jwtVerify(token, key, options);
          const signed = fromClaims(claimsSchema.parse(payload));
          verified.set(token, { signed, until: (payload.exp ?? 0) * 1000 });
          return signed;
        } catch (error) {
          failure = error;
          if (!(error instanceof errors.JWSSignatureVerificationFailed)) break;
        }
      }
      throw refusal(failure);
    },
  };
}

function encodeKey(secret: string | undefined): Uint8Array {
  if (secret === undefined) throw new AppError("CONFIG_INVALID", "IDENTITY_SECRETS: at least one secret is needed");
  return new TextEncoder().encode(secret);
}

function toClaims(identity: Identity, client: ClientFacts): Record<string, unknown> {
  const facts = {
    ...(client.ip === undefined ? {} : { ip: client.ip }),
    ...(client.userAgent === undefined ? {} : { ua: client.userAgent }),
  };
  switch (identity.kind) {
    case "ANONYMOUS":
      return { kind: identity.kind, ...facts };
    case "SERVICE":
      return { kind: identity.kind, sub: identity.service, ...facts };
    case "AUDIENCE":
      return { kind: identity.kind, grants: groupGrants(identity.grants), ...facts };
    case "API_KEY":
      return {
        kind: identity.kind,
        sub: identity.keyId,
        by: identity.grantedBy,
        grants: groupGrants(identity.grants),
        ...facts,
      };
    case "USER":
      return {
        kind: identity.kind,
        sub: identity.userId,
        sid: identity.sessionId,
        grants: groupGrants(identity.grants),
        ...facts,
      };
  }
}

/** By equal permission sets, which mostly are few. */
function groupGrants(grants: Grants): [string[], string[]][] {
  const sets = new Map<string, [string[], string[]]>();
  for (const [organizationId, permissions] of grants) {
    const names = [...permissions].sort();
    const entry = sets.get(names.join(",")) ?? [names, []];
    entry[1].push(organizationId);
    sets.set(names.join(","), entry);
  }
  return [...sets.values()];
}

function fromClaims(claims: z.infer<typeof claimsSchema>): SignedIdentity {
  const client: ClientFacts = {
    ...(claims.ip === undefined ? {} : { ip: claims.ip }),
    ...(claims.ua === undefined ? {} : { userAgent: claims.ua }),
  };
  return { identity: identityFromClaims(claims), client };
}

function identityFromClaims({ kind, sub, sid, by, grants }: z.infer<typeof claimsSchema>): Identity {
  if (kind === "ANONYMOUS") return { kind };
  if (kind === "AUDIENCE") return { kind, grants: ungroupGrants(grants) };
  if (sub === undefined) throw new AppError("UNAUTHENTICATED", "The identity header names nobody.");
  if (kind === "SERVICE") return { kind, service: sub };
  if (kind === "API_KEY") {
    if (by === undefined) throw new AppError("UNAUTHENTICATED", "The identity header does not name who gave the key.");
    return { kind, keyId: ApiKeyId.require(sub), grantedBy: UserId.require(by), grants: ungroupGrants(grants) };
  }
  if (sid === undefined) throw new AppError("UNAUTHENTICATED", "The identity header names no session.");
  return { kind, userId: UserId.require(sub), sessionId: SessionId.require(sid), grants: ungroupGrants(grants) };
}

function ungroupGrants(groups: z.infer<typeof claimsSchema>["grants"] = []): Grants {
  const grants = new Map<OrganizationId, ReadonlySet<string>>();
  for (const [permissions, organizationIds] of groups) {
    const set = new Set(permissions);
    for (const organizationId of organizationIds) grants.set(organizationId, set);
  }
  return grants;
}
