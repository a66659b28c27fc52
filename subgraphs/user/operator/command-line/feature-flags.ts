import { BadArguments, operatorCommand } from "../../../../platform/operator/operator-command.ts";
import { findOperatorDatabase } from "../../../../platform/operator/operator-database.ts";
import { FEATURE_FLAGS, FLAG_KEYS } from "../../domain/feature-flag.ts";
import { openUserDatabase } from "../../store/database.ts";
import { findFlagRules } from "../../store/feature-flags.ts";
import { NAME } from "../../subgraph-name.ts";

export const featureFlagsCommand = operatorCommand({
  name: "feature-flags",
  summary: "what can be switched, and every rule that is in force",
  usage: "",
  options: {},
  async run(_options, words, { environment, print }) {
    if (words.length > 0) throw new BadArguments("feature-flags takes no words");
    const database = openUserDatabase("user database", await findOperatorDatabase(NAME, "app", environment), 1);
    try {
      const { rules } = await findFlagRules(database.autocommit);
      for (const key of FLAG_KEYS) {
        const { on, description } = FEATURE_FLAGS[key];
        print(`${key}: ${on ? "on" : "off"} without a rule. ${description}`);
        for (const { scope, target, percent } of rules.filter((rule) => rule.key === key)) {
          print(`  ${[scope.toLowerCase(), target, `${percent} %`].filter((part) => part !== "").join(" ")}`);
        }
      }
    } finally {
      await database.part.stop?.();
    }
  },
});
