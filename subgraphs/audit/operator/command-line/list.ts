import { PLATFORM } from "../../../../platform/auth/principal-ids.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { BadArguments, operatorCommand } from "../../../../platform/operator/operator-command.ts";
import { DeadLetterStatus } from "../../domain/dead-letter.ts";
import { pageLetters } from "../../store/dead-letters.ts";
import { withServices } from "../letter-command.ts";

const MOST = 100;

export const listCommand = operatorCommand({
  name: "dead-letters list",
  summary: "shows events that consumers gave up on, the newest first",
  usage: `[--status ${DeadLetterStatus.join("|")}|ALL] [--topic NAME] [--consumer NAME] [--organization ID]`,
  options: {
    status: { type: "string" },
    topic: { type: "string" },
    consumer: { type: "string" },
    organization: { type: "string" },
  },
  async run({ status = "OPEN", topic, consumer, organization: organizationId }, rest, context) {
    if (rest.length > 0) throw new BadArguments("list takes no words of its own");
    const wanted = DeadLetterStatus.find((known) => known === status);
    if (wanted === undefined && status !== "ALL") throw new BadArguments(`there is no status ${status}`);
    const query = { topic, consumer, organizationId, status: wanted };
    const { rows } = await withServices(context, ({ database }) =>
      inTenants(database, [PLATFORM], (tx) =>
        pageLetters(tx, query, { take: MOST, direction: "forward", counted: false }),
      ),
    );
    for (const letter of rows.slice(0, MOST)) {
      const { id, consumer: by, eventType, key, attempts, lastFailedAt, lastError } = letter;
      const what = `${eventType ?? "unreadable"} of ${key}`;
      context.print(
        `${id}  ${letter.status}  ${by}  ${what}  ${attempts}×  ${lastFailedAt.toISOString()}  ${lastError}`,
      );
    }
    if (rows.length === 0) context.print("There are none.");
    if (rows.length > MOST) context.print(`There are more than ${MOST}: narrow it down.`);
  },
});
