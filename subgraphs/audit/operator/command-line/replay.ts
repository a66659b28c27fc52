import { randomUUID } from "node:crypto";
import { UserFailure } from "../../../../platform/errors/user-failure.ts";
import { operatorOf } from "../../../../platform/operator/operator.ts";
import {
  BadArguments,
  BY_OPTION,
  operatorCommand,
  operatorName,
} from "../../../../platform/operator/operator-command.ts";
import { replayDeadLetters } from "../../commands/replay-dead-letters.ts";
import { awaitReplays } from "../../dead-letters/await-replays.ts";
import { withServices } from "../letter-command.ts";

/** A platform that runs answers within a moment; one that does not will do so when it is started. */
const WAIT_MS = 15_000;

export const replayCommand = operatorCommand({
  name: "dead-letters replay",
  summary: "gives dead letters to their consumers once more, all or none of them",
  usage: "ID … [--force] [--reason TEXT] [--by NAME]",
  options: { ...BY_OPTION, force: { type: "boolean" }, reason: { type: "string" } },
  async run({ by, force = false, reason }, ids, context) {
    if (ids.length === 0) throw new BadArguments("say which, by their ids");
    const operator = operatorOf(operatorName(by));
    const input = { ids: [...ids], force, reason: reason ?? null, idempotencyKey: randomUUID() };
    const { letters, userErrors } = await withServices(context, async (services) => {
      const { result } = await replayDeadLetters(services, operator, input);
      return awaitReplays(services, result, WAIT_MS);
    });
    for (const { id, status } of letters) context.print(`${id}: ${status}`);
    if (userErrors.length > 0) throw new UserFailure(userErrors);
  },
});
