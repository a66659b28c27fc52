/** Roles that an input names: all of one organisation, at least one, each once. */
import { notFound } from "../../../platform/errors/refusals.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import { type OrganizationId, RoleId } from "../domain/ids.ts";
import type { Role } from "../domain/organization.ts";
import type { UserTransaction } from "../store/database.ts";
import { findRoles } from "../store/roles.ts";

const MAX_ROLES = 50;

/**
 * @param roleIds as the client sent them
 * @throws UserFailure `BLANK`, `TOO_LONG` or, for what is no role anywhere, `NOT_FOUND`
 */
export function requireRoleIds(roleIds: readonly string[]): RoleId[] {
  const texts = [...new Set(roleIds)];
  if (texts.length === 0) throw refuse("BLANK", "Choose at least one role.", "roleIds");
  if (texts.length > MAX_ROLES) throw refuse("TOO_LONG", `At most ${MAX_ROLES} roles can be given.`, "roleIds");
  return texts.map((text) => {
    const id = RoleId.from(text);
    if (id === undefined) throw notFound("role", "roleIds");
    return id;
  });
}

/** @throws UserFailure `NOT_FOUND` for a role that the organisation does not have */
export async function requireRoles(
  tx: UserTransaction,
  organizationId: OrganizationId,
  ids: readonly RoleId[],
): Promise<Role[]> {
  const roles = (await findRoles(tx, ids)).filter((role) => role.organizationId === organizationId);
  if (roles.length < ids.length) throw notFound("role", "roleIds");
  return roles;
}
