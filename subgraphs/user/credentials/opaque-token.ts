/**
 * Opaque tokens: 32 random bytes behind the id of their owner (a user; an organisation for invitations and API keys).
 * The id tells which tenant's rows to look at, nothing more: a token is good only when the SHA-256 of all of it is
 * stored. Nothing else is stored. A token that another one is traded for is derived from it: asked again, the same
 * comes.
 */
import { createHash, createHmac, randomBytes } from "node:crypto";
import { API_KEY_TOKEN_PREFIX } from "../../../platform/auth/api-key-token.ts";
import type { Id, IdKind } from "../../../platform/ids.ts";
import { OrganizationId, UserId } from "../domain/ids.ts";

/** Prefix of the token, and the kind of its owner. */
export interface TokenKind<Owner extends string> {
  readonly prefix: string;
  readonly owner: IdKind<Owner>;
}

export const REFRESH_TOKEN: TokenKind<"usr"> = { prefix: "trr", owner: UserId };
export const VERIFICATION_TOKEN: TokenKind<"usr"> = { prefix: "trv", owner: UserId };
export const RESET_TOKEN: TokenKind<"usr"> = { prefix: "trp", owner: UserId };
/** Went to the present address of an account that is to move to another one. */
export const CHANGE_APPROVAL_TOKEN: TokenKind<"usr"> = { prefix: "tra", owner: UserId };
/** Went to the new address. */
export const CHANGE_CONFIRMATION_TOKEN: TokenKind<"usr"> = { prefix: "trc", owner: UserId };
export const INVITATION_TOKEN: TokenKind<"org"> = { prefix: "tri", owner: OrganizationId };
/** Of somebody who is at their organisation's provider: it comes back with its answer (OAuth's `state`). */
export const PROVIDER_STATE: TokenKind<"org"> = { prefix: "tro", owner: OrganizationId };
export const API_KEY_TOKEN: TokenKind<"org"> = { prefix: API_KEY_TOKEN_PREFIX, owner: OrganizationId };

export interface MintedToken {
  /** Shown once, to the owner. */
  readonly token: string;
  readonly hash: string;
}

export interface ParsedToken<Owner extends string> {
  /** Claimed by the bearer: proven only by a stored hash. */
  readonly ownerId: Id<Owner>;
  readonly hash: string;
}

const ID_BYTES = 16;
const SECRET_BYTES = 32;

export function mintToken<Owner extends string>(kind: TokenKind<Owner>, ownerId: Id<NoInfer<Owner>>): MintedToken {
  return tokenWith(kind, ownerId, randomBytes(SECRET_BYTES));
}

/**
 * The token that a token is traded for: the same each time. HMAC-SHA-256 keeps whoever has a token, but not the key,
 * from knowing the next one.
 */
export function successorOf<Owner extends string>(
  kind: TokenKind<Owner>,
  ownerId: Id<NoInfer<Owner>>,
  token: string,
  key: string,
): MintedToken {
  const secret = createHmac("sha256", key).update(`successor of ${token}`).digest();
  return tokenWith(kind, ownerId, secret);
}

function tokenWith<Owner extends string>(
  { prefix }: TokenKind<Owner>,
  ownerId: Id<Owner>,
  secret: Buffer,
): MintedToken {
  const id = Buffer.from(ownerId.slice(ownerId.indexOf("_") + 1).replaceAll("-", ""), "hex");
  const token = `${prefix}_${Buffer.concat([id, secret]).toString("base64url")}`;
  return { token, hash: hashToken(token) };
}

/** `undefined` for a text that is no token of this kind. */
export function parseToken<Owner extends string>(
  { prefix, owner }: TokenKind<Owner>,
  token: string,
): ParsedToken<Owner> | undefined {
  const [, body] = /^([a-z]+_)([A-Za-z0-9_-]{64})$/.exec(token)?.slice(1) ?? [];
  if (body === undefined || !token.startsWith(`${prefix}_`)) return undefined;
  const hex = Buffer.from(body, "base64url").toString("hex", 0, ID_BYTES);
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  const ownerId = owner.from(`${owner.prefix}_${id}`);
  return ownerId === undefined ? undefined : { ownerId, hash: hashToken(token) };
}

function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
