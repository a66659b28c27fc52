/**
 * Decides who may see which stream, anew for every event. All functions are pure and take the viewer's current
 * identity.
 */
import {
  belongsTo,
  grantsOf,
  holds,
  type Identity,
  principalOf,
  responsibleUser,
} from "../../../platform/auth/identity.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import type { Denial } from "../../../platform/errors/denials.ts";
import type { Revocation } from "../../ports.ts";
import type { LiveField } from "../plan/directive.ts";

/** A stream as a viewer asked for it. */
export interface StreamName {
  /** Partition key of its events. */
  readonly key: string;
  /** Absent for the viewer's own stream. */
  readonly organizationId?: string;
}

/** @throws AppError `UNAUTHENTICATED` when an anonymous caller asks for an own stream */
export function streamOf(field: LiveField, args: Readonly<Record<string, unknown>>, identity: Identity): StreamName {
  const named = args[field.keyArgument];
  if (named !== undefined && named !== null) return { key: String(named), organizationId: String(named) };
  if (identity.kind === "API_KEY") {
    throw new AppError(
      "FORBIDDEN",
      `An API key has no events of its own: name an organization (${field.keyArgument}).`,
    );
  }
  if (identity.kind !== "USER") throw new AppError("UNAUTHENTICATED", "Sign in to follow your own events.");
  return { key: identity.userId };
}

/**
 * Why the identity may not see the stream (now); `undefined` when it may. A foreign organisation answers like a missing
 * one.
 */
export function denial(
  field: Pick<LiveField, "permission">,
  stream: StreamName,
  identity: Identity,
): AppError | undefined {
  if (stream.organizationId === undefined) {
    const own = identity.kind === "USER" && identity.userId === stream.key;
    return own ? undefined : new AppError("FORBIDDEN", "This is somebody else's stream.");
  }
  if (!belongsTo(identity, stream.organizationId)) {
    return new AppError("NOT_FOUND", "There is no such organization.");
  }
  if (!holds(identity, stream.organizationId, field.permission)) {
    return new AppError("FORBIDDEN", `This needs the permission ${field.permission} in the organization.`);
  }
  return undefined;
}

/** What a member lacks who was refused the stream; `undefined` for whoever is no member. */
export function missingPermission(
  { permission }: Pick<LiveField, "permission">,
  { organizationId }: StreamName,
  identity: Identity,
): Denial | undefined {
  if (organizationId === undefined || !belongsTo(identity, organizationId)) return undefined;
  return holds(identity, organizationId, permission) ? undefined : { organizationId, permission };
}

/** For whom events are enriched: subscribers of equal keys see the same and share the work. */
export interface Audience {
  readonly key: string;
  /** Whose rights the enrichment has; absent: those of the subscriber, as they are at the event. */
  readonly identity?: Identity;
}

/**
 * A field of scope `ORGANIZATION` is enriched once for all members with the same permissions. The identity for that has
 * these permissions in this organisation and nothing else. A field of scope `VIEWER` is enriched once per session: some
 * fields differ between two sessions of one user (`Session.current`).
 */
export function audienceOf(field: Pick<LiveField, "scope">, stream: StreamName, identity: Identity): Audience {
  const { organizationId } = stream;
  if (field.scope === "ORGANIZATION" && organizationId !== undefined && belongsTo(identity, organizationId)) {
    const permissions = new Set([...(grantsOf(identity).get(organizationId) ?? [])].sort());
    return {
      key: `organization:${[...permissions].join(",")}`,
      identity: { kind: "AUDIENCE", grants: new Map([[organizationId, permissions]]) },
    };
  }
  if (identity.kind === "USER") return { key: `user:${identity.userId}:${identity.sessionId}` };
  if (identity.kind === "API_KEY") return { key: `api-key:${identity.keyId}` };
  return { key: identity.kind };
}

/** May the viewer have lost rights by this? An empty revocation concerns everybody. */
export function concernsViewer(who: Revocation, identity: Identity): boolean {
  const principal = principalOf(identity);
  if (principal === undefined) return false;
  if (Object.keys(who).length === 0) return true;
  const own = principal.kind === "USER" ? who.sessionId === principal.sessionId : who.apiKeyId === principal.keyId;
  return (
    own ||
    who.userId === responsibleUser(principal) ||
    (who.organizationId !== undefined && belongsTo(identity, who.organizationId))
  );
}
