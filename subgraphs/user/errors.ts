/** The refusals that several commands share. A foreign organisation is refused like a missing one, word for word. */
import { holds, type Identity } from "../../platform/auth/identity.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import { refuse, type UserFailure } from "../../platform/errors/user-failure.ts";
import { canOperate, canReadOrganization, type UserIdentity } from "./policies.ts";
import type { OrganizationRow } from "./store/organizations.ts";

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

/** @throws AppError `FORBIDDEN` for everybody but operators */
export function requireOperator(identity: Identity): void {
  if (!canOperate(identity)) throw new AppError("FORBIDDEN", "Only operators may do this.");
}

/**
 * For commands that hold the organisation: the signed header may be older than the suspension.
 * @throws UserFailure `FORBIDDEN` in a suspended organisation
 */
export function requireActive(organization: Pick<OrganizationRow, "status"> | undefined): void {
  if (organization?.status === "SUSPENDED") throw refuse("FORBIDDEN", "This organisation is suspended.");
}

export function forbiddenField(permission: string): AppError {
  return new AppError("FORBIDDEN", `You need the permission \`${permission}\` in this organisation.`);
}
