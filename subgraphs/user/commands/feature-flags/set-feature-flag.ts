/**
 * Sets a rule of a feature flag, or takes it back: for everybody, for a plan, or for one organisation. Operators alone
 * may. A rule that is so already is no failure and no event.
 */
import { canOperate } from "../../../../platform/auth/operators.ts";
import { PLATFORM } from "../../../../platform/auth/principal-ids.ts";
import { type CommandOutcome, runCommand } from "../../../../platform/database/command.ts";
import { notFound } from "../../../../platform/errors/refusals.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import { idPrefix } from "../../../../platform/ids.ts";
import type { Operator } from "../../../../platform/operator/operator.ts";
import { requireReason } from "../../../../platform/validation/reason.ts";
import type { FeatureFlagSetInput } from "../../../../schema/generated/user.ts";
import { FLAG_KEYS, type FlagKey, isFlagKey } from "../../domain/feature-flag.ts";
import { OrganizationId } from "../../domain/ids.ts";
import { featureFlagChanged } from "../../domain-events.ts";
import type { OperatorServices, UserServices } from "../../services.ts";
import { type FlagRuleChange, nextFlagRevision, putFlagRule } from "../../store/feature-flags.ts";
import { lockOrganization } from "../../store/organizations.ts";

const ALL_PERCENT = 100;

export interface SetFlag {
  readonly key: FlagKey;
  readonly changed: boolean;
}

/** @throws UserFailure `FORBIDDEN`, `INVALID`, `NOT_FOUND`, `BLANK`, `TOO_LONG` */
export async function setFeatureFlag(
  services: OperatorServices & Pick<UserServices, "operatorOrganizationId">,
  { identity, causation }: Operator,
  input: FeatureFlagSetInput,
): Promise<CommandOutcome<SetFlag>> {
  if (!canOperate(identity, services.operatorOrganizationId)) {
    throw refuse("FORBIDDEN", "Only operators of this installation may set feature flags.");
  }
  const { key, change } = changeOf(input);
  const reason = requireReason(input.reason);
  const organizationId = change.scope === "ORGANIZATION" ? OrganizationId.require(change.target) : undefined;
  return runCommand(services, { tenants: [organizationId ?? PLATFORM], causation }, async ({ tx, emit }) => {
    if (organizationId !== undefined && (await lockOrganization(tx, organizationId)) === undefined) {
      throw notFound("organisation", "organizationId");
    }
    const revision = await nextFlagRevision(tx);
    if (!(await putFlagRule(tx, change, services.clock.now()))) return { key, changed: false };
    emit(featureFlagChanged({ ...change, key, reason }, revision));
    return { key, changed: true };
  });
}

/** @throws UserFailure `INVALID` */
function changeOf(input: FeatureFlagSetInput): { readonly key: FlagKey; readonly change: FlagRuleChange } {
  const { key, organizationId, planId, enabled, rolloutPercent } = input;
  if (!isFlagKey(key)) {
    throw refuse("INVALID", `There is no such feature flag. There are ${FLAG_KEYS.join(", ")}.`, "key");
  }
  if (organizationId != null && planId != null) {
    throw refuse("INVALID", "Name an organisation, or a plan, or neither of them for everybody.", "planId");
  }
  const target = targetOf(organizationId, planId);
  if (rolloutPercent != null && (target.scope !== "EVERYBODY" || enabled !== true)) {
    throw refuse("INVALID", "A share is of everybody who has the flag on.", "rolloutPercent");
  }
  if (rolloutPercent != null && (rolloutPercent < 0 || rolloutPercent > ALL_PERCENT)) {
    throw refuse("INVALID", "A share is 0 to 100 percent.", "rolloutPercent");
  }
  const percent = enabled == null ? null : enabled ? (rolloutPercent ?? ALL_PERCENT) : 0;
  return { key, change: { key, ...target, percent } };
}

function targetOf(
  organizationId: string | null | undefined,
  planId: string | null | undefined,
): Pick<FlagRuleChange, "scope" | "target"> {
  if (organizationId != null) {
    const id = OrganizationId.from(organizationId);
    if (id === undefined) throw notFound("organisation", "organizationId");
    return { scope: "ORGANIZATION", target: id };
  }
  if (planId == null) return { scope: "EVERYBODY", target: "" };
  if (idPrefix(planId) !== "pln") throw refuse("INVALID", "The id of a plan is pln_ with a UUID behind it.", "planId");
  return { scope: "PLAN", target: planId };
}
