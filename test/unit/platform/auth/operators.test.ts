import { expect, test } from "vitest";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { canOperate } from "../../../../platform/auth/operators.ts";
import { textAsId, userWith } from "../../../support/identities.ts";

const HERE = textAsId("org", "org_here");
const THERE = textAsId("org", "org_there");
const SELF = textAsId("usr", "usr_1");
const user = (permissions: readonly string[]): Identity => userWith({ userId: SELF, grants: { [HERE]: permissions } });
const manager = user(["organization.manage"]);
const others: readonly Identity[] = [{ kind: "ANONYMOUS" }, { kind: "SERVICE", service: "gateway" }];

test("only the operator's process operates, and whoever manages the organisation that the installation names", () => {
  expect(canOperate({ kind: "SERVICE", service: "operator" }, undefined)).toBe(true);
  for (const identity of [manager, ...others]) {
    expect(canOperate(identity, undefined)).toBe(false);
    expect(canOperate(identity, THERE)).toBe(false);
  }
  expect(canOperate(manager, HERE)).toBe(true);
  expect(canOperate(user([]), HERE)).toBe(false);
});
