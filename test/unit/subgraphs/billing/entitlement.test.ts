import { expect, test } from "vitest";
import { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import {
  entitlementAt,
  entitlementsAt,
  findEntitlement,
  grantsOf,
  isMeter,
  reachedPercent,
  readEntitlement,
  type Standing,
  withUse,
  writeEntitlement,
} from "../../../../subgraphs/billing/domain/entitlement.ts";
import { namedId } from "../../../support/identities.ts";

const organizationId = OrganizationId.require(namedId("org", "entitled"));
const anchoredAt = new Date("2026-11-20T10:00:00.000Z");
const now = new Date("2026-12-02T10:00:00.000Z");
const period = { start: anchoredAt, end: new Date("2026-12-20T10:00:00.000Z") };
const METER = "events_per_month";

function standing(changed: Partial<Standing> = {}): Standing {
  const used = { organizationId, meter: METER, period, used: 30n };
  const grants = new Map([
    ["seats", 5n],
    [METER, 100n],
  ]);
  return { organizationId, grants, anchoredAt, members: 2n, totals: new Map([[METER, used]]), ...changed };
}

test("plans grant their features as often as they are had, and what one does not limit is not limited", () => {
  const seats = (limit: bigint | null) => [{ key: "seats", limit }];
  expect(grantsOf([{ quantity: 3, features: seats(5n) }])).toEqual(new Map([["seats", 15n]]));
  expect(
    grantsOf([
      { quantity: 1, features: seats(5n) },
      { quantity: 1, features: seats(null) },
      { quantity: 1, features: seats(5n) },
    ]),
  ).toEqual(new Map([["seats", null]]));
  expect(grantsOf([])).toEqual(new Map());
});

test("records use up the month, members the seats, and what gateways count is not known [S14]", () => {
  expect(entitlementAt(standing(), METER, now)).toEqual({
    key: METER,
    granted: true,
    limit: 100n,
    used: 30n,
    remaining: 70n,
    resetsAt: period.end,
  });
  expect(entitlementAt(standing(), "seats", now)).toMatchObject({ used: 2n, remaining: 3n, resetsAt: null });
  const grants = new Map([["live_connections", 25n]]);
  expect(entitlementAt(standing({ grants }), "live_connections", now)).toMatchObject({ limit: 25n, used: 0n });
});

test("what was used in a month that is over does not count in the next", () => {
  expect(entitlementAt(standing(), METER, period.end)).toMatchObject({ used: 0n, remaining: 100n });
  // Another anchor is another month.
  const moved = standing({ anchoredAt: new Date("2026-12-01T00:00:00.000Z") });
  expect(entitlementAt(moved, METER, now)).toMatchObject({ used: 0n });
});

test("without a plan the known features are listed as not granted, and nothing remains", () => {
  const none = standing({ grants: new Map(), anchoredAt: null, totals: new Map() });
  const listed = entitlementsAt(none, now);
  expect(listed.map(({ key }) => key).slice(0, 2)).toEqual(["seats", METER]);
  expect(listed.every(({ granted, limit, remaining }) => !granted && limit === 0n && remaining === 0n)).toBe(true);
  expect(findEntitlement(none, "constructor", now)).toBeUndefined();
  expect(findEntitlement(none, "seats", now)).toMatchObject({ granted: false, used: 2n });
});

test("a feature that only a plan knows is listed as granted", () => {
  const exports = standing({ grants: new Map([["exports", null]]) });
  expect(findEntitlement(exports, "exports", now)).toMatchObject({ granted: true, limit: null, remaining: null });
  expect(entitlementsAt(exports, now).at(-1)?.key).toBe("exports");
});

test("only features whose use is recorded are meters", () => {
  expect([METER, "seats", "live_connections", "constructor", ""].map(isMeter)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});

test.each([
  [100n, 49n, 0],
  [100n, 50n, 50],
  [100n, 79n, 50],
  [100n, 80n, 80],
  [100n, 100n, 100],
  [5n, 3n, 50],
  [3n, 2n, 50],
  [0n, 7n, 0],
  [null, 7n, 0],
])("of a limit of %s, %s used are %s percent that are told", (limit, used, percent) => {
  expect(reachedPercent({ limit, used })).toBe(percent);
});

test("an entitlement is read as it was written, and more use leaves less of it", () => {
  const before = entitlementAt(standing(), METER, now);
  expect(readEntitlement(writeEntitlement(before))).toEqual(before);
  expect(withUse(before, 120n)).toMatchObject({ used: 120n, remaining: 0n });
});
