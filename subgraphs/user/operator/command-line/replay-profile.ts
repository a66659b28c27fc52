import { operatorOf } from "../../../../platform/operator/operator.ts";
import {
  BadArguments,
  BY_OPTION,
  operatorCommand,
  operatorName,
} from "../../../../platform/operator/operator-command.ts";
import { replayProfile } from "../../commands/accounts/replay-profile.ts";
import { withServices } from "../with-services.ts";

export const replayProfileCommand = operatorCommand({
  name: "replay-profile",
  summary: "makes an account anew out of its history; shows what differs, and writes it when told to",
  usage: "ID [--write] [--by NAME]",
  options: { ...BY_OPTION, write: { type: "boolean" } },
  async run({ by, write = false }, [id, ...rest], context) {
    if (id === undefined || rest.length > 0) throw new BadArguments("replay-profile takes one id");
    const operator = operatorOf(operatorName(by));
    const { result } = await withServices(context, (services) =>
      replayProfile(services, operator, { id, dryRun: !write }),
    );
    for (const [field, { from, to }] of Object.entries(result.differences)) {
      context.print(`${field}: ${JSON.stringify(from)} → ${JSON.stringify(to)}`);
    }
    const differs = Object.keys(result.differences).length > 0;
    const outcome = result.written ? "written" : differs ? "not written: add --write" : "as its history says";
    context.print(`${id}: ${result.events} events, ${outcome}`);
  },
});
