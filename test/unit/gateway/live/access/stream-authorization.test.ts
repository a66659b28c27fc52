import { expect, test } from "vitest";
import { audienceOf, denial, streamOf } from "../../../../../gateway/live/access/stream-authorization.ts";
import { readLiveSchema } from "../../../../../gateway/live/plan/directive.ts";
import type { Identity } from "../../../../../platform/auth/identity.ts";
import { composeShop } from "../../../../integration/gateway/live/shop-graph.ts";
import { userWith } from "../../../../support/identities.ts";

const field = readLiveSchema(composeShop()).fields.get("orderEvents");
if (field === undefined) throw new Error("no field");

const user = (permissions: readonly string[], sessionId = "s-1", userId = "u-1"): Identity =>
  userWith({ userId, sessionId, grants: { "org-1": permissions } });

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

const stream = { key: "org-1", organizationId: "org-1" };

test("with the scope VIEWER two sessions of one user share nothing: some fields differ between them", () => {
  const keyOf = (identity: Identity) => audienceOf({ scope: "VIEWER" }, stream, identity).key;
  expect(keyOf(user([], "s-1"))).not.toBe(keyOf(user([], "s-2")));
  expect(keyOf(user([]))).toBe(keyOf(user(["orders.read"])));
});

test("with the scope ORGANIZATION all who hold the same permissions share, and nobody else", () => {
  const keyOf = (identity: Identity) => audienceOf({ scope: "ORGANIZATION" }, stream, identity).key;
  expect(keyOf(user(["a", "b"], "s-1"))).toBe(keyOf(user(["b", "a"], "s-2", "u-2")));
  expect(keyOf(user(["a", "b"]))).not.toBe(keyOf(user(["a"])));
});

test("an audience's identity holds the permissions in its organisation and nothing else", () => {
  const identity = userWith({ userId: "u-1", sessionId: "s-1", grants: { "org-1": ["a"], "org-2": ["b"] } });
  const { identity: audience } = audienceOf({ scope: "ORGANIZATION" }, stream, identity);
  expect(audience).toEqual({ kind: "AUDIENCE", grants: new Map([["org-1", new Set(["a"])]]) });
  const own = { key: "u-1" };
  expect(audienceOf({ scope: "ORGANIZATION" }, own, identity)).toEqual({ key: "user:u-1:s-1" });
});
