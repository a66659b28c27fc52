import { pino } from "pino";
import { expect, test } from "vitest";
import { cacheScopeKey, scopeTags } from "../../../../gateway/cache/cache-scope.ts";
import type { GatewayContext } from "../../../../gateway/ports.ts";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { grantsOf, textAsId, userWith } from "../../../support/identities.ts";

function contextOf(identity: Identity, forwardedHeaders: Record<string, string> = {}): GatewayContext {
  const trace = { traceId: "0".repeat(32), spanId: "0".repeat(16), sampled: false };
  return { identity, client: {}, trace, logger: pino({ level: "silent" }), forwardedHeaders };
}

function user(userId: string, grants: Record<string, string[]>) {
  return userWith({ userId, sessionId: `ses_of_${userId}`, grants });
}

test("members with equal rights share what is an organisation's, and nothing that is a viewer's", () => {
  const one = contextOf(user("usr_1", { org_a: ["read", "write"], org_b: ["read"] }));
  const other = contextOf(user("usr_2", { org_b: ["read"], org_a: ["write", "read"] }));
  expect(cacheScopeKey("ORGANIZATION", one)).toBe(cacheScopeKey("ORGANIZATION", other));
  expect(cacheScopeKey("VIEWER", one)).not.toBe(cacheScopeKey("VIEWER", other));
  expect(cacheScopeKey("PUBLIC", one)).toBe(cacheScopeKey("PUBLIC", contextOf({ kind: "ANONYMOUS" })));
});

test("two sessions of one user share what is an organisation's, and nothing that is a viewer's", () => {
  const one = user("usr_1", { org_a: ["read"] });
  const other = { ...one, sessionId: textAsId("ses", "ses_other") };
  expect(cacheScopeKey("ORGANIZATION", contextOf(one))).toBe(cacheScopeKey("ORGANIZATION", contextOf(other)));
  expect(cacheScopeKey("VIEWER", contextOf(one))).not.toBe(cacheScopeKey("VIEWER", contextOf(other)));
});

test("other rights, other organisations, an audience and who belongs nowhere are scopes of their own", () => {
  const read = grantsOf({ org_a: ["read"] });
  const keys = [
    contextOf(user("usr_1", { org_a: ["read"] })),
    contextOf(user("usr_1", { org_a: ["read", "write"] })),
    contextOf(user("usr_1", { org_b: ["read"] })),
    contextOf(user("usr_1", { org_a: ["read"], org_b: [] })),
    contextOf(user("usr_1", {})),
    contextOf(user("usr_2", {})),
    contextOf({ kind: "AUDIENCE", grants: read }),
    contextOf({ kind: "ANONYMOUS" }),
    contextOf({ kind: "ANONYMOUS" }, { authorization: "Bearer 1" }),
    contextOf({ kind: "ANONYMOUS" }, { authorization: "Bearer 2" }),
  ].map((context) => cacheScopeKey("ORGANIZATION", context));
  expect(new Set(keys).size).toBe(keys.length);
});

test("a service is shown nothing cached", () => {
  expect(cacheScopeKey("PUBLIC", contextOf({ kind: "SERVICE", service: "gateway" }))).toBeUndefined();
});

test("an entry carries the organisations it was read for where its hint says so, and its viewer", () => {
  const context = contextOf(user("usr_1", { org_a: ["read"], org_b: ["read"] }));
  const hint = { maxAgeMs: 1, tags: ["organization", "prices"] } as const;
  const tags = (scope: "PUBLIC" | "ORGANIZATION" | "VIEWER") => [...scopeTags({ ...hint, scope }, context, ["shop"])];
  expect(tags("ORGANIZATION")).toEqual([
    "prices",
    "organization:org_a",
    "organization:org_a:shop",
    "organization:org_b",
    "organization:org_b:shop",
  ]);
  expect(tags("VIEWER")).toEqual(expect.arrayContaining(["user:usr_1", "user:usr_1:shop"]));
  expect(tags("PUBLIC")).toEqual(["prices"]);
});
