import { expect, test } from "vitest";
import { authorizationScope, denial, streamOf } from "../../../../gateway/live/authority.ts";
import { readLiveSchema } from "../../../../gateway/live/directive.ts";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { composeShop } from "../../../integration/gateway/live/shop-graph.ts";

const field = readLiveSchema(composeShop()).fields.get("orderEvents");
if (field === undefined) throw new Error("no field");

const user = (permissions: readonly string[], sessionId = "s-1"): Identity => ({
  kind: "USER",
  userId: "u-1",
  sessionId,
  grants: new Map([["org-1", new Set(permissions)]]),
});

test("the key argument names the stream; without it, it is the viewer's own", () => {
  expect(streamOf(field, { shop: "org-1" }, user([]))).toEqual({ key: "org-1", organizationId: "org-1" });
  expect(streamOf(field, { shop: null }, user([]))).toEqual({ key: "u-1" });
  expect(streamOf(field, {}, user([]))).toEqual({ key: "u-1" });
  expect(() => streamOf(field, {}, { kind: "ANONYMOUS" })).toThrow(/Sign in/);
});

test("only the permission opens an organization's stream, and a foreign one looks like none", () => {
  const one = { key: "org-1", organizationId: "org-1" };
  expect(denial(field, one, user(["orders.read"]))).toBeUndefined();
  expect(denial(field, one, user(["orders.write"]))?.code).toBe("FORBIDDEN");
  expect(denial(field, { key: "org-2", organizationId: "org-2" }, user(["orders.read"]))?.code).toBe("NOT_FOUND");
  expect(denial(field, one, { kind: "ANONYMOUS" })?.code).toBe("NOT_FOUND");
  expect(denial(field, { key: "u-1" }, user([]))).toBeUndefined();
  expect(denial(field, { key: "u-2" }, user([]))?.code).toBe("FORBIDDEN");
});

test("two sessions of one user share nothing: some fields differ between them", () => {
  expect(authorizationScope(user([], "s-1"))).not.toBe(authorizationScope(user([], "s-2")));
  expect(authorizationScope(user([]))).toBe(authorizationScope(user(["orders.read"])));
});
