import { notFound } from "../../../../platform/errors/refusals.ts";
import { BadArguments, operatorCommand } from "../../../../platform/operator/operator-command.ts";
import { findOperatorDatabase } from "../../../../platform/operator/operator-database.ts";
import { openUserDatabase } from "../../store/database.ts";
import { searchOrganizations, searchUsers } from "../../store/operator-search.ts";
import { NAME } from "../../subgraph-name.ts";

/** More than a person reads; whoever sees so many says more precisely whom they mean. */
const MOST = 50;

export const findCommand = operatorCommand({
  name: "find",
  summary: "finds people and organisations by id, address, slug, or a part of their name",
  usage: "ADDRESS|NAME|SLUG|ID",
  options: {},
  async run(_, words, { environment, print }) {
    const text = words.join(" ").trim();
    if (text === "") throw new BadArguments("find takes an address, a name, a slug or an id");
    const database = openUserDatabase("user database", await findOperatorDatabase(NAME, "relay", environment), 1);
    try {
      const found = await database.$transaction(async (tx) => ({
        users: await searchUsers(tx, text, MOST + 1),
        organizations: await searchOrganizations(tx, text, MOST + 1),
      }));
      const lines = [
        ...found.users.map(({ id, status, email, name }) => [id, status, email, JSON.stringify(name)]),
        ...found.organizations.map(({ id, status, slug, name }) => [id, status, slug, JSON.stringify(name)]),
      ];
      if (lines.length === 0) throw notFound("user or organisation");
      for (const line of lines.slice(0, MOST)) print(line.join("  "));
      if (lines.length > MOST) print(`… and more than these ${MOST}: say more of the name.`);
    } finally {
      await database.part.stop?.();
    }
  },
});
