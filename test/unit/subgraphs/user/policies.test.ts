import { expect, test } from "vitest";
import type { Identity } from "../../../../platform/auth/identity.ts";
import {
  BUILT_IN_ROLES,
  canReadInvitations,
  canReadMembers,
  canReadMembership,
  canReadOrganization,
  canReadSession,
  canRemoveMembership,
  mayGive,
  organizationsWithReadableMembers,
  permissionsUnder,
} from "../../../../subgraphs/user/policies.ts";
import { textAsId, userWith } from "../../../support/identities.ts";

const HERE = textAsId("org", "org_here");
const THERE = textAsId("org", "org_there");
const SELF = textAsId("usr", "usr_1");
const OTHER = textAsId("usr", "usr_2");
const user = (permissions: readonly string[]): Identity => userWith({ userId: SELF, grants: { [HERE]: permissions } });
const owner = user(BUILT_IN_ROLES.OWNER);
const member = user(BUILT_IN_ROLES.MEMBER);
const bare = user([]);
const others: readonly Identity[] = [{ kind: "ANONYMOUS" }, { kind: "SERVICE", service: "gateway" }];

test("a member reads the organisation and its members, an owner its invitations too", () => {
  for (const identity of [owner, member]) {
    expect(canReadOrganization(identity, HERE)).toBe(true);
    expect(canReadMembers(identity, HERE)).toBe(true);
  }
  expect([canReadInvitations(owner, HERE), canReadInvitations(member, HERE)]).toEqual([true, false]);
});

test("permissions end at the organisation they were given in", () => {
  expect(canReadOrganization(owner, THERE)).toBe(false);
  expect(canReadMembers(owner, THERE)).toBe(false);
  expect(canReadMembership(owner, { organizationId: THERE, userId: OTHER })).toBe(false);
  expect(organizationsWithReadableMembers(owner)).toEqual([HERE]);
  expect(organizationsWithReadableMembers(bare)).toEqual([]);
});

test("nobody but a user reads anything, services included", () => {
  for (const identity of others) {
    expect(canReadOrganization(identity, HERE)).toBe(false);
    expect(canReadSession(identity, { userId: SELF })).toBe(false);
    expect(canReadMembership(identity, { organizationId: HERE, userId: SELF })).toBe(false);
    expect(organizationsWithReadableMembers(identity)).toEqual([]);
  }
});

test("whoever has no permission still sees the own membership and may leave", () => {
  const own = { organizationId: HERE, userId: SELF };
  const foreign = { organizationId: HERE, userId: OTHER };
  expect([canReadMembership(bare, own), canReadMembership(bare, foreign)]).toEqual([true, false]);
  expect([canRemoveMembership(member, own), canRemoveMembership(member, foreign)]).toEqual([true, false]);
  expect(canRemoveMembership(owner, foreign)).toBe(true);
});

test("nobody gives what they may not do themselves, and no built-in role but the owner's makes owners", () => {
  for (const [name, permissions] of Object.entries(BUILT_IN_ROLES)) {
    expect(mayGive(owner, HERE, permissions)).toBe(true);
    expect(mayGive(owner, THERE, permissions)).toBe(false);
    expect(mayGive(user(permissions), HERE, BUILT_IN_ROLES.OWNER)).toBe(name === "OWNER");
  }
  expect(mayGive(bare, HERE, [])).toBe(true);
});

test("a session is read by its user alone", () => {
  expect(canReadSession(owner, { userId: SELF })).toBe(true);
  expect(canReadSession(owner, { userId: OTHER })).toBe(false);
});

test("who is held off reads the organisation, and gets nothing that they did not have", () => {
  const free = { status: "ACTIVE", lacksSecondFactor: false, lacksProviderSignIn: false } as const;
  const heldOff = [
    { status: "SUSPENDED", lacksSecondFactor: false, lacksProviderSignIn: false },
    { status: "CLOSED", lacksSecondFactor: false, lacksProviderSignIn: false },
    { status: "DELETED", lacksSecondFactor: false, lacksProviderSignIn: false },
    { status: "ACTIVE", lacksSecondFactor: true, lacksProviderSignIn: false },
    { status: "SUSPENDED", lacksSecondFactor: true, lacksProviderSignIn: false },
  ] as const;
  for (const permissions of Object.values(BUILT_IN_ROLES)) {
    expect(permissionsUnder(free, permissions)).toEqual(new Set(permissions));
    expect(permissionsUnder({ ...free, status: "PROVISIONING" }, permissions)).toEqual(new Set(permissions));
    for (const circumstances of heldOff) {
      expect(permissionsUnder(circumstances, permissions)).toEqual(new Set(["organization.read"]));
    }
  }
  for (const circumstances of heldOff) expect(permissionsUnder(circumstances, ["members.manage"])).toEqual(new Set());
  const deleting = { status: "DELETING", lacksSecondFactor: false, lacksProviderSignIn: false } as const;
  const { OWNER, MEMBER } = BUILT_IN_ROLES;
  expect(permissionsUnder(deleting, OWNER)).toEqual(new Set(["organization.read", "organization.own"]));
  expect(permissionsUnder(deleting, MEMBER)).toEqual(new Set(["organization.read"]));
  expect(permissionsUnder({ ...deleting, lacksSecondFactor: true }, OWNER)).toEqual(new Set(["organization.read"]));
});
