/** Roles that an input names: all of one organisation, at least one, each once. */
import { refuse } from "../../platform/errors/user-failure.ts";
import type { UserTransaction } from "../../prisma/user/client.ts";
import { notFound } from "./errors.ts";
import { findRoles, type RoleRow } from "./store/organizations.ts";

const MAX_ROLES = 50;

/** @throws UserFailure `BLANK`, `TOO_LONG` or, for a role that the organisation does not have, `NOT_FOUND` */
export async function requireRoles(
  tx: UserTransaction,
  organizationId: string,
  roleIds: readonly string[],
): Promise<RoleRow[]> {
  const ids = [...new Set(roleIds)];
  if (ids.length === 0) throw refuse("BLANK", "Choose at least one role.", "roleIds");
  if (ids.length > MAX_ROLES) throw refuse("TOO_LONG", `At most ${MAX_ROLES} roles can be given.`, "roleIds");
  const roles = (await findRoles(tx, ids)).filter((role) => role.organizationId === organizationId);
  if (roles.length < ids.length) throw notFound("role", "roleIds");
  return roles;
}
