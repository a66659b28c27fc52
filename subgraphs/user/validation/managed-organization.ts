/** The organisation that an input names, for somebody who may do something there. */
import type { Identity } from "../../../platform/auth/identity.ts";
import { notFound, requirePermission } from "../../../platform/errors/refusals.ts";
import { OrganizationId } from "../domain/ids.ts";
import type { Permission } from "../domain/permission.ts";

/**
 * @param field input field that names it
 * @throws UserFailure `NOT_FOUND` when it is none or a foreign one, `FORBIDDEN` without the permission
 */
export function requireManagedOrganization(
  identity: Identity,
  text: string,
  permission: Permission,
  field: "id" | "organizationId" = "organizationId",
): OrganizationId {
  const missing = notFound("organisation", field);
  const id = OrganizationId.from(text);
  if (id === undefined) throw missing;
  requirePermission(identity, id, permission, missing);
  return id;
}
