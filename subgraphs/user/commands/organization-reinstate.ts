/** Gives the members of a suspended organisation back what their roles allow. Reinstating an active one is no failure and no event. */
import type { CommandOutcome } from "../../../platform/database/command.ts";
import type { Operator, OperatorServices } from "../services.ts";
import { changeOrganizationStatus } from "./organization-status.ts";
import type { SuspensionInput } from "./user-suspend.ts";

export function reinstateOrganization(
  services: OperatorServices,
  operator: Operator,
  input: SuspensionInput,
): Promise<CommandOutcome<{ changed: boolean }>> {
  return changeOrganizationStatus(services, operator, {
    ...input,
    status: "ACTIVE",
    eventType: "user.organization.reinstated.v1",
  });
}
