import { reinstateUser } from "../../commands/accounts/reinstate-user.ts";
import { REINSTATES, statusCommand } from "../status-command.ts";

export const reinstateUserCommand = statusCommand({
  name: "reinstate-user",
  summary: "lets a suspended user sign in again",
  says: REINSTATES,
  change: reinstateUser,
});
