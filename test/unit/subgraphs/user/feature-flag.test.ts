// S120: who has a flag on. Pure: rules and an organisation in, a decision out.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideFlag, type FlagRule, goesByPlan, shareOf } from "../../../../subgraphs/user/domain/feature-flag.ts";
import { namedId } from "../../../support/identities.ts";

const AT = new Date(0);
const ACME = namedId("org", "acme");
const PLAN = namedId("pln", "team");
const rule = (scope: FlagRule["scope"], target: string, percent: number, key = "api-keys"): FlagRule => ({
  ...{ key, scope, target, percent, updatedAt: AT },
});
const decide = (rules: readonly FlagRule[], planId: string | null = PLAN) =>
  decideFlag("api-keys", rules, { organizationId: ACME, planId: planId ?? undefined });

describe("a flag [S120]", () => {
  test("is as it was built without a rule, and rules of other flags, plans and organisations say nothing", () => {
    const others = [
      rule("EVERYBODY", "", 0, "custom-roles"),
      rule("PLAN", namedId("pln", "other"), 0),
      rule("ORGANIZATION", namedId("org", "other"), 0),
    ];
    for (const rules of [[], others]) expect(decide(rules)).toEqual({ on: true, source: "DEFAULT" });
  });

  test("goes by the organisation's rule before its plan's, and by that before the one for everybody", () => {
    const [all, plan, own] = [rule("EVERYBODY", "", 0), rule("PLAN", PLAN, 100), rule("ORGANIZATION", ACME, 0)];
    expect(decide([all, plan, own])).toEqual({ on: false, source: "ORGANIZATION" });
    expect(decide([all, plan])).toEqual({ on: true, source: "PLAN" });
    expect(decide([all, plan], null)).toEqual({ on: false, source: "ROLLOUT" });
    expect(decideFlag("api-keys", [all, plan], { organizationId: ACME, planId: namedId("pln", "other") }).on).toBe(
      false,
    );
  });

  test("goes by plan where some rule of its own says so", () => {
    expect(goesByPlan("api-keys", [rule("EVERYBODY", "", 0), rule("PLAN", PLAN, 0, "custom-roles")])).toBe(false);
    expect(goesByPlan("api-keys", [rule("PLAN", PLAN, 0)])).toBe(true);
  });
});

describe("a share of everybody [S120]", () => {
  const organizations = Array.from({ length: 5_000 }, (_, number) => namedId("org", `org ${number}`));
  const onAt = (percent: number) =>
    organizations.filter(
      (organizationId) =>
        decideFlag("api-keys", [rule("EVERYBODY", "", percent)], { organizationId, planId: undefined }).on,
    );

  test("is about as large as it says; none at 0, all at 100", () => {
    expect([onAt(0).length, onAt(100).length]).toEqual([0, organizations.length]);
    for (const percent of [1, 10, 50, 90]) {
      expect(Math.abs((onAt(percent).length / organizations.length) * 100 - percent)).toBeLessThan(3);
    }
  });

  test("takes the flag from nobody when it grows, and is another one for another flag", () => {
    const tenth = new Set(onAt(10));
    expect(new Set(onAt(30)).isSupersetOf(tenth)).toBe(true);
    fc.assert(
      fc.property(fc.constantFrom(...organizations), (organizationId) => {
        expect(shareOf("api-keys", organizationId)).toBe(shareOf("api-keys", organizationId));
        expect(shareOf("api-keys", organizationId)).not.toBe(shareOf("custom-roles", organizationId));
      }),
    );
  });
});
