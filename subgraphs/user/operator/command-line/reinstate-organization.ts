import { changeOrganizationStatus } from "../../commands/organizations/change-organization-status.ts";
import { REINSTATES, statusCommand } from "../status-command.ts";

export const reinstateOrganizationCommand = statusCommand({
  name: "reinstate-organization",
  summary: "gives a suspended organisation's members their rights again",
  says: REINSTATES,
  change: (services, operator, input) => changeOrganizationStatus(services, operator, { ...input, status: "ACTIVE" }),
});
