import { operatorOf } from "../../../../platform/operator/operator.ts";
import {
  BadArguments,
  BY_OPTION,
  operatorCommand,
  operatorName,
} from "../../../../platform/operator/operator-command.ts";
import { setFeatureFlag } from "../../commands/feature-flags/set-feature-flag.ts";
import { withServices } from "../with-services.ts";

/** `null` takes the rule back. */
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ["on", true],
  ["off", false],
  ["clear", null],
]);

export const setFeatureFlagCommand = operatorCommand({
  name: "set-feature-flag",
  summary: "switches a feature for everybody, a share of everybody, a plan or an organisation, or takes that back",
  usage: "KEY on|off|clear [--organization ID | --plan ID | --percent N] --reason TEXT [--by NAME]",
  options: {
    ...BY_OPTION,
    organization: { type: "string" },
    plan: { type: "string" },
    percent: { type: "string" },
    reason: { type: "string" },
  },
  async run({ organization, plan, percent, reason, by }, [key, word = "", ...rest], context) {
    const enabled = WORDS.get(word);
    if (key === undefined || enabled === undefined || rest.length > 0) {
      throw new BadArguments("set-feature-flag takes a flag and one of on, off, clear");
    }
    if (reason === undefined) throw new BadArguments("say why, with --reason");
    const rolloutPercent = percent === undefined ? null : Number(percent);
    if (rolloutPercent !== null && !Number.isInteger(rolloutPercent)) {
      throw new BadArguments("--percent takes a whole number");
    }
    const target = { organizationId: organization ?? null, planId: plan ?? null };
    const input = { key, ...target, enabled, rolloutPercent, reason };
    const operator = operatorOf(operatorName(by));
    const { result } = await withServices(context, (services) =>
      setFeatureFlag({ ...services, operatorOrganizationId: undefined }, operator, input),
    );
    context.print(`${key}: ${result.changed ? "changed" : "was so already, nothing was changed"}`);
  },
});
