/** Removes a role that nobody holds and that no open invitation promises. */
import { tenantsOf } from "../../../../platform/auth/identity.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { RoleDeleteInput } from "../../../../schema/generated/user.ts";
import type { RoleId } from "../../domain/ids.ts";
import { roleDeleted } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { isPromised } from "../../store/invitations.ts";
import { countHolders, deleteRoleRow } from "../../store/roles.ts";
import { requireOwnRole } from "../../validation/roles.ts";

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `STATE_INVALID` */
export async function deleteRole(
  services: UserServices,
  { identity, causation }: Actor,
  input: RoleDeleteInput,
): Promise<CommandOutcome<{ deletedId: RoleId }>> {
  return runCommand(services, { tenants: tenantsOf(identity), causation }, async ({ tx, emit }) => {
    const role = await requireOwnRole(tx, identity, input.id);
    const holders = await countHolders(tx, role.id);
    if (holders > 0) {
      throw refuse("STATE_INVALID", `Members hold this role (${holders}): give them another one first.`, "id");
    }
    if (await isPromised(tx, role, services.clock.now())) {
      throw refuse("STATE_INVALID", "An open invitation promises this role: take it back first.", "id");
    }
    await deleteRoleRow(tx, role.id);
    emit(roleDeleted(role));
    return { deletedId: role.id };
  });
}
