/** The change behind suspending and reinstating an organisation: rights follow from its status, so the roles stay as they are. */
import { type CommandOutcome, runCommand } from "../../../platform/database/command.ts";
import type { OrganizationStatus } from "../../../schema/generated/user.ts";
import { notFound, requireOperator } from "../errors.ts";
import type { Operator, OperatorServices } from "../services.ts";
import { lockOrganization, setOrganizationStatus } from "../store/organizations.ts";
import { requireId, requireReason } from "../validation.ts";
import type { SuspensionInput } from "./user-suspend.ts";

export interface StatusChange extends SuspensionInput {
  readonly status: OrganizationStatus;
  readonly eventType: string;
}

export async function changeOrganizationStatus(
  services: OperatorServices,
  { identity, causation }: Operator,
  { status, eventType, ...input }: StatusChange,
): Promise<CommandOutcome<{ changed: boolean }>> {
  requireOperator(identity);
  const organizationId = requireId(input.id, "org", "an organisation");
  const reason = requireReason(input.reason);
  return runCommand(services, { tenants: [organizationId], causation }, async ({ tx, emit }) => {
    const organization = await lockOrganization(tx, organizationId);
    if (organization === undefined) throw notFound("organisation", "id");
    if (organization.status === status) return { changed: false };
    const now = services.clock.now();
    const aggregateVersion = await setOrganizationStatus(tx, { id: organizationId, status, now });
    emit({
      type: eventType,
      subject: organizationId,
      aggregateVersion,
      key: organizationId,
      organizationId,
      data: { organizationId, reason },
    });
    return { changed: true };
  });
}
