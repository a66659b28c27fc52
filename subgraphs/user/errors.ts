/** The refusals that several commands share. A foreign organisation is refused like a missing one, word for word. */
import { holds, type Identity } from "../../platform/auth/identity.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import { refuse, type UserFailure } from "../../platform/errors/user-failure.ts";
import { canReadOrganization, type UserIdentity } from "./policies.ts";

/** @throws AppError `UNAUTHENTICATED` unless a user is signed in */
export function requireUser(identity: Identity): UserIdentity {
  if (identity.kind === "USER") return identity;
  throw new AppError("UNAUTHENTICATED", "Sign in first.");
}

export function notFound(what: string, ...field: string[]): UserFailure {
  return refuse("NOT_FOUND", `There is no such ${what}.`, ...field);
}

/** @throws UserFailure `NOT_FOUND` outside the organisation, `FORBIDDEN` inside it without the permission */
export function requirePermission(
  identity: Identity,
  organizationId: string,
  permission: string,
  missing: UserFailure,
): void {
  if (!canReadOrganization(identity, organizationId)) throw missing;
  if (!holds(identity, organizationId, permission)) {
    throw refuse("FORBIDDEN", `You need the permission \`${permission}\` in this organisation.`);
  }
}

export function forbiddenField(permission: string): AppError {
  return new AppError("FORBIDDEN", `You need the permission \`${permission}\` in this organisation.`);
}
