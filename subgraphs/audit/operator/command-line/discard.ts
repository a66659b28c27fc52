import { randomUUID } from "node:crypto";
import { operatorOf } from "../../../../platform/operator/operator.ts";
import {
  BadArguments,
  BY_OPTION,
  operatorCommand,
  operatorName,
} from "../../../../platform/operator/operator-command.ts";
import { discardDeadLetters } from "../../commands/discard-dead-letters.ts";
import { withServices } from "../letter-command.ts";

export const discardCommand = operatorCommand({
  name: "dead-letters discard",
  summary: "decides that dead letters stay without effect, all or none of them",
  usage: "ID … --reason TEXT [--by NAME]",
  options: { ...BY_OPTION, reason: { type: "string" } },
  async run({ by, reason }, ids, context) {
    if (ids.length === 0) throw new BadArguments("say which, by their ids");
    if (reason === undefined) throw new BadArguments("say why, with --reason");
    const operator = operatorOf(operatorName(by));
    const input = { ids: [...ids], reason, idempotencyKey: randomUUID() };
    const { result } = await withServices(context, (services) => discardDeadLetters(services, operator, input));
    for (const id of result.ids) context.print(`${id}: DISCARDED`);
  },
});
