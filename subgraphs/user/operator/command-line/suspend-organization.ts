import { changeOrganizationStatus } from "../../commands/organizations/change-organization-status.ts";
import { SUSPENDS, statusCommand } from "../status-command.ts";

export const suspendOrganizationCommand = statusCommand({
  name: "suspend-organization",
  summary: "leaves an organisation's members nothing but to see that it is suspended",
  says: SUSPENDS,
  change: (services, operator, input) =>
    changeOrganizationStatus(services, operator, { ...input, status: "SUSPENDED" }),
});
