/**
 * Suspends an organisation: its members keep seeing it and may do nothing else in it until it is reinstated. Suspending a suspended one
 * is no failure and no event.
 */
import type { CommandOutcome } from "../../../platform/database/command.ts";
import type { Operator, OperatorServices } from "../services.ts";
import { changeOrganizationStatus } from "./organization-status.ts";
import type { SuspensionInput } from "./user-suspend.ts";

export function suspendOrganization(
  services: OperatorServices,
  operator: Operator,
  input: SuspensionInput,
): Promise<CommandOutcome<{ changed: boolean }>> {
  return changeOrganizationStatus(services, operator, {
    ...input,
    status: "SUSPENDED",
    eventType: "user.organization.suspended.v1",
  });
}
