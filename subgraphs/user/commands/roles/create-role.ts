/** Makes a role of an organisation's own, out of permissions that its maker has. */
import { z } from "zod";
import { keyOwnerIn } from "../../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { RoleCreateInput } from "../../../../schema/generated/user.ts";
import { RoleId } from "../../domain/ids.ts";
import { roleCreated } from "../../domain-events.ts";
import { requireActive } from "../../errors.ts";
import { MANAGE_ROLES } from "../../policies.ts";
import type { UserServices } from "../../services.ts";
import { lockOrganization } from "../../store/organizations.ts";
import { findRolesOfOrganizations, insertRole } from "../../store/roles.ts";
import { requireFeature } from "../../validation/features.ts";
import { requireManagedOrganization } from "../../validation/managed-organization.ts";
import { requirePermissions } from "../../validation/permissions.ts";
import { requireFreeName } from "../../validation/roles.ts";
import { requireRoleName } from "../../validation/text.ts";

/** Of an organisation, the built-in ones apart. */
const MAX_ROLES = 50;

const storedResult = z.object({ roleId: RoleId.schema });

/**
 * @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `BLANK`, `INVALID`, `TOO_LONG`, `TAKEN`, `STATE_INVALID`,
 * `LIMIT_REACHED`, `IDEMPOTENCY_…`
 */
export async function createRole(
  services: UserServices,
  { identity, causation }: Actor,
  { idempotencyKey, ...input }: RoleCreateInput,
): Promise<CommandOutcome<{ roleId: RoleId }>> {
  const organizationId = requireManagedOrganization(identity, input.organizationId, MANAGE_ROLES);
  const name = requireRoleName(input.name);
  const permissions = requirePermissions(identity, organizationId, input.permissions);
  await requireFeature(services, "custom-roles", organizationId);
  const keyOwner = keyOwnerIn(identity, organizationId);
  const command = {
    tenants: [...new Set([keyOwner, organizationId])],
    causation,
    idempotency:
      idempotencyKey == null
        ? undefined
        : {
            key: idempotencyKey,
            tenant: keyOwner,
            command: "roleCreate",
            input: { organizationId, name, permissions },
            result: storedResult,
          },
  };
  return runCommand(services, command, async ({ tx, emit }) => {
    requireActive(await lockOrganization(tx, organizationId));
    const roles = await findRolesOfOrganizations(tx, [organizationId]);
    requireFreeName(roles, name);
    if (roles.filter(({ builtIn }) => !builtIn).length >= MAX_ROLES) {
      throw refuse("LIMIT_REACHED", `An organisation has at most ${MAX_ROLES} roles of its own.`);
    }
    const role = { id: services.ids.next("rol"), organizationId, name, permissions, builtIn: false };
    await insertRole(tx, role);
    emit(roleCreated(role));
    return { roleId: role.id };
  });
}
