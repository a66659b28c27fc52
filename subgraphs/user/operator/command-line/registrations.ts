import { BadArguments, operatorCommand } from "../../../../platform/operator/operator-command.ts";
import { findOperatorDatabase } from "../../../../platform/operator/operator-database.ts";
import { openUserDatabase } from "../../store/database.ts";
import { findRegistrationDays } from "../../store/registration-days.ts";
import { NAME } from "../../subgraph-name.ts";

const MOST_DAYS = 366;

export const registrationsCommand = operatorCommand({
  name: "registrations",
  summary: "how many people registered and confirmed their address, per day in UTC",
  usage: "[--days N]",
  options: { days: { type: "string" } },
  async run({ days = "14" }, words, { environment, print }) {
    const limit = Number(days);
    if (words.length > 0 || !Number.isInteger(limit) || limit < 1 || limit > MOST_DAYS) {
      throw new BadArguments(`registrations takes --days from 1 to ${MOST_DAYS}`);
    }
    const database = openUserDatabase("user database", await findOperatorDatabase(NAME, "app", environment), 1);
    try {
      print("day         registered  confirmed");
      for (const { day, registered, verified } of await findRegistrationDays(database.autocommit, limit)) {
        print(`${day}  ${String(registered).padStart(10)}  ${String(verified).padStart(9)}`);
      }
    } finally {
      await database.part.stop?.();
    }
  },
});
