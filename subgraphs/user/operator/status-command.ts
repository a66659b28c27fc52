/** The frame of commands that suspend or reinstate: one id, a reason, and who it was. */
import { type Operator, operatorOf } from "../../../platform/operator/operator.ts";
import {
  BadArguments,
  BY_OPTION,
  type OperatorCommand,
  operatorCommand,
  operatorName,
} from "../../../platform/operator/operator-command.ts";
import type { OperatorServices } from "../services.ts";
import type { ChangedStatus, SuspensionInput } from "./change-status.ts";
import { withServices } from "./with-services.ts";

/** What to say of a change, and of none. */
type Says = readonly [changed: string, unchanged: string];

export const SUSPENDS: Says = ["suspended", "was suspended already, nothing was changed"];
export const REINSTATES: Says = ["reinstated", "was not suspended, nothing was changed"];

export interface StatusCommand extends Pick<OperatorCommand, "name" | "summary"> {
  readonly says: Says;
  readonly change: (services: OperatorServices, operator: Operator, input: SuspensionInput) => Promise<ChangedStatus>;
}

export function statusCommand({ name, summary, says, change }: StatusCommand): OperatorCommand {
  return operatorCommand({
    name,
    summary,
    usage: "ID --reason TEXT [--by NAME]",
    options: { ...BY_OPTION, reason: { type: "string" } },
    async run({ reason, by }, [id, ...rest], context) {
      if (id === undefined || rest.length > 0) throw new BadArguments(`${name} takes one id`);
      if (reason === undefined) throw new BadArguments("say why, with --reason");
      const operator = operatorOf(operatorName(by));
      const { result } = await withServices(context, (services) => change(services, operator, { id, reason }));
      const [changed, unchanged] = says;
      context.print(`${id}: ${result.changed ? changed : unchanged}`);
    },
  });
}
