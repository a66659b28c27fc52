/** Roles that an input names: all of one organisation, at least one, each once. */
import type { Identity } from "../../../platform/auth/identity.ts";
import { notFound, requirePermission } from "../../../platform/errors/refusals.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import { type OrganizationId, RoleId } from "../domain/ids.ts";
import type { Role } from "../domain/organization.ts";
import { requireActive } from "../errors.ts";
import { MANAGE_ROLES } from "../policies.ts";
import type { UserTransaction } from "../store/database.ts";
import { lockOrganization } from "../store/organizations.ts";
import { findRoles } from "../store/roles.ts";
import { requireGivable } from "./permissions.ts";

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

/**
 * A role of one's own, for somebody who may change it; its organisation is held until the commit.
 * @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `STATE_INVALID` for a built-in one
 */
export async function requireOwnRole(tx: UserTransaction, identity: Identity, text: string): Promise<Role> {
  const missing = notFound("role", "id");
  const id = RoleId.from(text);
  const [seen] = id === undefined ? [] : await findRoles(tx, [id]);
  if (seen === undefined) throw missing;
  const { organizationId } = seen;
  requirePermission(identity, organizationId, MANAGE_ROLES, missing);
  if (seen.builtIn) throw refuse("STATE_INVALID", "Built-in roles cannot be changed: make one of your own.", "id");
  requireActive(await lockOrganization(tx, organizationId));
  // Again: it may have been changed while we waited.
  const [role] = await findRoles(tx, [seen.id]);
  if (role === undefined) throw missing;
  requireGivable(identity, organizationId, [role], "id");
  return role;
}

/** @param roles of the organisation, but for the one that is renamed @throws UserFailure `TAKEN` */
export function requireFreeName(roles: readonly Pick<Role, "name">[], name: string): void {
  if (roles.some((role) => role.name.toLowerCase() === name.toLowerCase())) {
    throw refuse("TAKEN", "There is a role with this name.", "name");
  }
}
