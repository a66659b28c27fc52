/** What operators may do with dead letters: the commands of `npm run operator`, a file each. */
import type { OperatorCommand } from "../../../platform/operator/operator-command.ts";
import { discardCommand } from "./command-line/discard.ts";
import { listCommand } from "./command-line/list.ts";
import { replayCommand } from "./command-line/replay.ts";
import { showCommand } from "./command-line/show.ts";

export const COMMANDS: readonly OperatorCommand[] = [listCommand, showCommand, replayCommand, discardCommand];
