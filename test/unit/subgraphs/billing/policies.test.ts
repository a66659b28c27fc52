import { expect, test } from "vitest";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { canManageBilling, canReadBilling } from "../../../../subgraphs/billing/policies.ts";
import { textAsId, userWith } from "../../../support/identities.ts";

const READ = textAsId("org", "org_1");
const MANAGED = textAsId("org", "org_2");
const FOREIGN = textAsId("org", "org_3");
const reader = userWith({ grants: { [READ]: ["billing.read"], [MANAGED]: ["billing.manage"] } });

test("each permission opens its own door, in its own organisation", () => {
  expect([canReadBilling(reader, READ), canManageBilling(reader, READ)]).toEqual([true, false]);
  expect([canReadBilling(reader, MANAGED), canManageBilling(reader, MANAGED)]).toEqual([false, true]);
  expect([canReadBilling(reader, FOREIGN), canManageBilling(reader, FOREIGN)]).toEqual([false, false]);
});

test("a service and an anonymous caller may do nothing by themselves", () => {
  for (const identity of [{ kind: "ANONYMOUS" }, { kind: "SERVICE", service: "gateway" }] satisfies Identity[]) {
    expect([canReadBilling(identity, READ), canManageBilling(identity, READ)]).toEqual([false, false]);
  }
});
