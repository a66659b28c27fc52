/** Permissions that an input names: of the catalogue, and held by whoever gives them. */
import type { Identity } from "../../../platform/auth/identity.ts";
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import { isPermission, PERMISSIONS } from "../domain/permission.ts";
import { mayGive } from "../policies.ts";

/**
 * @param names as the client sent them
 * @param field that names them
 * @returns each once, in the catalogue's order
 * @throws UserFailure `BLANK`, `INVALID`, or `FORBIDDEN` for what the giver may not do
 */
export function requirePermissions(
  identity: Identity,
  organizationId: OrganizationId,
  names: readonly string[],
  field = "permissions",
): readonly string[] {
  if (names.length === 0) throw refuse("BLANK", "Choose at least one permission.", field);
  const unknown = names.find((name) => !isPermission(name));
  if (unknown !== undefined) {
    throw refuse("INVALID", `There is no such permission. There are ${Object.keys(PERMISSIONS).join(", ")}.`, field);
  }
  if (!mayGive(identity, organizationId, names)) {
    throw refuse("FORBIDDEN", "Nobody can give a permission that they do not have.", field);
  }
  return Object.keys(PERMISSIONS).filter((name) => names.includes(name));
}

/** @throws UserFailure `FORBIDDEN` when a role allows more than its giver may */
export function requireGivable(
  identity: Identity,
  organizationId: OrganizationId,
  roles: readonly { readonly permissions: readonly string[] }[],
  field: string,
): void {
  const all = roles.flatMap(({ permissions }) => permissions);
  if (!mayGive(identity, organizationId, all)) {
    throw refuse("FORBIDDEN", "This role allows more than your own ones: somebody who has it can give it.", field);
  }
}
