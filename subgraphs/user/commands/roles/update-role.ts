/** Gives a role another name or other permissions: for every member who holds it, at once. */
import { tenantsOf } from "../../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { RoleUpdateInput } from "../../../../schema/generated/user.ts";
import type { RoleId } from "../../domain/ids.ts";
import { roleUpdated } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { findRolesOfOrganizations, updateRoleRow } from "../../store/roles.ts";
import { requirePermissions } from "../../validation/permissions.ts";
import { requireFreeName, requireOwnRole } from "../../validation/roles.ts";
import { requireRoleName } from "../../validation/text.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `BLANK`, `INVALID`, `TOO_LONG`, `TAKEN`, `STATE_INVALID` */
export async function updateRole(
  services: UserServices,
  { identity, causation }: Actor,
  input: RoleUpdateInput,
): Promise<CommandOutcome<{ roleId: RoleId }>> {
  const renamed = input.name == null ? undefined : requireRoleName(input.name);
  return runCommand(services, { tenants: tenantsOf(identity), causation }, async ({ tx, emit }) => {
    const before = await requireOwnRole(tx, identity, input.id);
    const { id, organizationId } = before;
    const name = renamed ?? before.name;
    const permissions =
      input.permissions == null ? before.permissions : requirePermissions(identity, organizationId, input.permissions);
    const others = (await findRolesOfOrganizations(tx, [organizationId])).filter((role) => role.id !== id);
    requireFreeName(others, name);
    const after = { ...before, name, permissions };
    await updateRoleRow(tx, after);
    emit(roleUpdated(before, after));
    return { roleId: id };
  });
}
