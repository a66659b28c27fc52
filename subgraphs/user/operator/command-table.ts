/** What operators may do with accounts and organisations: the commands of `npm run operator`, a file each. */
import type { OperatorCommand } from "../../../platform/operator/operator-command.ts";
import { featureFlagsCommand } from "./command-line/feature-flags.ts";
import { findCommand } from "./command-line/find.ts";
import { registrationsCommand } from "./command-line/registrations.ts";
import { reinstateOrganizationCommand } from "./command-line/reinstate-organization.ts";
import { reinstateUserCommand } from "./command-line/reinstate-user.ts";
import { replayProfileCommand } from "./command-line/replay-profile.ts";
import { setFeatureFlagCommand } from "./command-line/set-feature-flag.ts";
import { suspendOrganizationCommand } from "./command-line/suspend-organization.ts";
import { suspendUserCommand } from "./command-line/suspend-user.ts";

export const COMMANDS: readonly OperatorCommand[] = [
  findCommand,
  registrationsCommand,
  suspendUserCommand,
  reinstateUserCommand,
  suspendOrganizationCommand,
  reinstateOrganizationCommand,
  replayProfileCommand,
  featureFlagsCommand,
  setFeatureFlagCommand,
];
