import { PLATFORM } from "../../../../platform/auth/principal-ids.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import { BadArguments, operatorCommand } from "../../../../platform/operator/operator-command.ts";
import { DeadLetterId } from "../../domain/ids.ts";
import { findLetters } from "../../store/dead-letters.ts";
import { withServices } from "../letter-command.ts";

export const showCommand = operatorCommand({
  name: "dead-letters show",
  summary: "shows all that is known of a dead letter, its event among it",
  usage: "ID",
  options: {},
  async run(_values, [text, ...rest], context) {
    if (text === undefined || rest.length > 0) throw new BadArguments("show takes one id");
    const id = DeadLetterId.from(text);
    const [letter] =
      id === undefined
        ? []
        : await withServices(context, ({ database }) => inTenants(database, [PLATFORM], (tx) => findLetters(tx, [id])));
    if (letter === undefined) throw notFound("dead letter");
    for (const [name, value] of Object.entries(letter)) {
      if (value !== null) context.print(`${name}: ${value instanceof Date ? value.toISOString() : String(value)}`);
    }
  },
});
