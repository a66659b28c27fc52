/**
 * Refusals that commands of several subgraphs share. A foreign organisation is refused like a missing one, word for
 * word.
 */
import { belongsTo, holds, type Identity } from "../auth/identity.ts";
import type { OrganizationId } from "../auth/principal-ids.ts";
import { AppError } from "./app-error.ts";
import { noteDenial } from "./denials.ts";
import { refuse, type UserFailure } from "./user-failure.ts";

/** @param noun as in "There is no such note." @param field input field that names it */
export function notFound(noun: string, ...field: string[]): UserFailure {
  return refuse("NOT_FOUND", `There is no such ${noun}.`, ...field);
}

/** @throws UserFailure `NOT_FOUND` outside the organisation, `FORBIDDEN` inside it without the permission */
export function requirePermission(
  identity: Identity,
  organizationId: OrganizationId,
  permission: string,
  missing: UserFailure,
): void {
  if (!belongsTo(identity, organizationId)) throw missing;
  if (holds(identity, organizationId, permission)) return;
  noteDenial({ organizationId, permission });
  throw refuse("FORBIDDEN", needed(permission));
}

/** For a field that a member of the organisation may not read. */
export function forbiddenField(organizationId: OrganizationId, permission: string): AppError {
  noteDenial({ organizationId, permission });
  return new AppError("FORBIDDEN", needed(permission));
}

function needed(permission: string): string {
  return `You need the permission \`${permission}\` in this organisation.`;
}
