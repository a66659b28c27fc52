import { suspendUser } from "../../commands/accounts/suspend-user.ts";
import { SUSPENDS, statusCommand } from "../status-command.ts";

export const suspendUserCommand = statusCommand({
  name: "suspend-user",
  summary: "takes a user off the platform: sessions end, none begins",
  says: SUSPENDS,
  change: suspendUser,
});
