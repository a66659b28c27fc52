import { expect, test } from "vitest";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { canManageBilling, canReadBilling, readable } from "../../../../subgraphs/billing/policies.ts";

const reader: Identity = {
  kind: "USER",
  userId: "usr_1",
  sessionId: "ses_1",
  grants: new Map([
    ["org_1", new Set(["billing.read"])],
    ["org_2", new Set(["billing.manage"])],
  ]),
};

test("each permission opens its own door, in its own organisation", () => {
  expect([canReadBilling(reader, "org_1"), canManageBilling(reader, "org_1")]).toEqual([true, false]);
  expect([canReadBilling(reader, "org_2"), canManageBilling(reader, "org_2")]).toEqual([false, true]);
  expect([canReadBilling(reader, "org_3"), canManageBilling(reader, "org_3")]).toEqual([false, false]);
});

test("a service and an anonymous caller may do nothing by themselves", () => {
  for (const identity of [{ kind: "ANONYMOUS" }, { kind: "SERVICE", service: "gateway" }] satisfies Identity[]) {
    expect([canReadBilling(identity, "org_1"), canManageBilling(identity, "org_1")]).toEqual([false, false]);
  }
});

test("what is missing, foreign or forbidden looks the same", () => {
  expect(readable(reader, undefined)).toBeNull();
  expect(readable(reader, { organizationId: "org_3" })).toBeNull();
  expect(readable(reader, { organizationId: "org_2" })).toBeNull();
  expect(readable(reader, { organizationId: "org_1" })).toEqual({ organizationId: "org_1" });
});
