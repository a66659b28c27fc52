// Feature flags: operators switch, by API and command line; organisations notice at once, in other processes within a
// second; and the audit trail tells who did it and why. Beside them what else operators do over the API.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { PLATFORM } from "../../../../platform/auth/principal-ids.ts";
import { createUserSubgraph, type UserSubgraph } from "../../../../subgraphs/user/index.ts";
import { grantsOf, namedId } from "../../../support/identities.ts";
import { startProcess } from "../../../support/process.ts";
import { startStopwatch } from "../../../support/stopwatch.ts";
import { waitFor } from "../../../support/wait.ts";
import { type Json, type Person, refusalsOf, startUser, type UserFixture } from "./user-fixture.ts";

const OPERATORS = namedId("org", "operators");
const OPERATOR: Identity = {
  ...{ kind: "USER", userId: namedId("usr", "operator"), sessionId: namedId("ses", "operator") },
  grants: grantsOf({ [OPERATORS]: ["organization.manage"] }),
};
const FLAGS = "query($id: ID!) { organization(id: $id) { featureFlags { key enabled source } } }";

let fixture: UserFixture;
/** Another process of the subgraph, as far as its memory goes. */
let second: UserSubgraph;
beforeAll(async () => {
  fixture = await startUser({ operatorOrganizationId: OPERATORS });
  second = createUserSubgraph({ ...fixture.runtime });
  for (const part of second.parts) await part.start?.();
});
afterAll(async () => {
  for (const part of [...(second?.parts ?? [])].reverse()) await part.stop?.();
  await fixture?.stop();
});

const set = (input: object, identity: Identity = OPERATOR): Promise<Json> =>
  fixture.mutate(identity, "featureFlagSet", { reason: "test", ...input }, "rules { scope targetId percent }");

async function flagsOf(person: Person, organizationId: string, subgraph = fixture.subgraph): Promise<Json> {
  const header = await fixture.signer.sign("user", await fixture.identityOf(person), {});
  const { body } = await subgraph.endpoint.handle(
    { "x-tributary-identity": header },
    { query: FLAGS, variables: { id: organizationId } },
  );
  const { data } = JSON.parse(JSON.stringify(body));
  return Object.fromEntries(
    data.organization.featureFlags.map(({ key, enabled, source }: Json) => [key, `${enabled} ${source}`]),
  );
}

const makeKey = async (person: Person, organizationId: string) =>
  fixture.mutate(
    await fixture.identityOf(person),
    "apiKeyCreate",
    { organizationId, name: "Export", scopes: ["billing.read"] },
    "apiKey { id }",
  );

/** What billing publishes when a plan becomes active. */
async function activatePlan(organizationId: string, planId: string): Promise<void> {
  const [created] = await fixture.eventsOf(organizationId);
  const subscriptionId = fixture.ids.next("sub");
  const event = {
    ...created,
    id: fixture.ids.uuid(),
    source: "/tributary/billing",
    type: "billing.subscription.activated.v1",
    subject: subscriptionId,
    data: {
      ...{ subscriptionId, accountId: fixture.ids.next("acc"), planId },
      ...{ fromStatus: "INCOMPLETE", toStatus: "ACTIVE" },
    },
    causationid: created.id,
    hop: 1,
    sequence: "1",
  };
  await fixture.eventLog.ensureTopics(["billing.events"]);
  await fixture.eventLog.append("billing.events", [{ key: organizationId, value: JSON.stringify(event) }]);
}

async function world() {
  const ada = await fixture.person();
  return { ada, organizationId: await fixture.organization(ada) };
}

test("an operator's switch counts at once here, within a second elsewhere, and for nobody else [S120] [S39]", async () => {
  const [{ ada, organizationId }, other] = [await world(), await world()];
  for (const subgraph of [fixture.subgraph, second]) {
    expect(await flagsOf(ada, organizationId, subgraph)).toEqual({
      "api-keys": "true DEFAULT",
      "custom-roles": "true DEFAULT",
    });
  }
  const stopwatch = startStopwatch();
  const { rules } = await set({ key: "api-keys", organizationId, enabled: false, reason: "Under review" });
  const setAt = stopwatch.ms();
  expect(rules).toContainEqual({ scope: "ORGANIZATION", targetId: organizationId, percent: 0 });
  expect((await flagsOf(ada, organizationId))["api-keys"]).toBe("false ORGANIZATION");
  expect(refusalsOf(await makeKey(ada, organizationId))).toEqual(["STATE_INVALID undefined"]);
  await waitFor(async () => (await flagsOf(ada, organizationId, second))["api-keys"] === "false ORGANIZATION", {
    what: "the other process to hear of it",
    intervalMs: 10,
  });
  expect(stopwatch.ms() - setAt).toBeLessThan(1_000);
  stopwatch.stop();
  expect((await flagsOf(other.ada, other.organizationId))["api-keys"]).toBe("true DEFAULT");
  expect(refusalsOf(await makeKey(other.ada, other.organizationId))).toEqual([]);

  await set({ key: "api-keys", organizationId, enabled: null });
  expect((await flagsOf(ada, organizationId))["api-keys"]).toBe("true DEFAULT");
  expect(refusalsOf(await makeKey(ada, organizationId))).toEqual([]);
  const changes = (await fixture.eventsOf(organizationId)).filter(({ type }) => type.startsWith("user.feature_flag."));
  expect(changes.map(({ actorid, subject, orgid, data }) => [actorid, subject, orgid, data])).toEqual([
    [
      ...[OPERATOR.kind === "USER" ? OPERATOR.userId : "", "flag:api-keys", organizationId],
      { key: "api-keys", scope: "ORGANIZATION", organizationId, percent: 0, reason: "Under review" },
    ],
    [
      ...[OPERATOR.kind === "USER" ? OPERATOR.userId : "", "flag:api-keys", organizationId],
      { key: "api-keys", scope: "ORGANIZATION", organizationId, percent: null, reason: "test" },
    ],
  ]);
});

test("a rule for everybody reaches those without a rule of their own, its change is the platform's event, and none twice", async () => {
  const { ada, organizationId } = await world();
  const before = (await fixture.streamOf(PLATFORM)).length;
  const all = { key: "custom-roles", enabled: true, rolloutPercent: 0 };
  await set(all);
  await set(all);
  expect((await flagsOf(ada, organizationId))["custom-roles"]).toBe("false ROLLOUT");
  const role = { organizationId, name: "Support", permissions: ["members.read"] };
  const refused = await fixture.mutate(await fixture.identityOf(ada), "roleCreate", role, "role { id }");
  expect(refusalsOf(refused)).toEqual(["STATE_INVALID undefined"]);
  await set({ key: "custom-roles", organizationId, enabled: true });
  expect((await flagsOf(ada, organizationId))["custom-roles"]).toBe("true ORGANIZATION");
  await set({ key: "custom-roles", enabled: null });
  const events = (await fixture.streamOf(PLATFORM)).slice(before);
  expect(events.map(({ type, data }) => [type, data.scope, data.percent])).toEqual([
    ["user.feature_flag.changed.v1", "EVERYBODY", 0],
    ["user.feature_flag.changed.v1", "EVERYBODY", null],
  ]);
});

test("a rule for a plan reaches the organisations that billing says are on it", async () => {
  const [{ ada, organizationId }, other] = [await world(), await world()];
  const planId = namedId("pln", "team");
  await set({ key: "api-keys", planId, enabled: false });
  expect((await flagsOf(ada, organizationId))["api-keys"]).toBe("true DEFAULT");
  await activatePlan(organizationId, planId);
  await waitFor(async () => (await flagsOf(ada, organizationId))["api-keys"] === "false PLAN", {
    what: "the plan to be known",
  });
  expect((await flagsOf(other.ada, other.organizationId))["api-keys"]).toBe("true DEFAULT");
  await set({ key: "api-keys", planId, enabled: null });
});

test("nobody but operators sets a flag, and what is no rule is refused by name", async () => {
  const { ada, organizationId } = await world();
  expect(
    refusalsOf(await set({ key: "api-keys", organizationId, enabled: false }, await fixture.identityOf(ada))),
  ).toEqual(["FORBIDDEN undefined"]);
  expect(refusalsOf(await set({ key: "no-such", enabled: true }))).toEqual(["INVALID key"]);
  const planId = namedId("pln", "team");
  expect(refusalsOf(await set({ key: "api-keys", organizationId, planId, enabled: true }))).toEqual(["INVALID planId"]);
  expect(refusalsOf(await set({ key: "api-keys", planId: organizationId, enabled: true }))).toEqual(["INVALID planId"]);
  for (const rolloutPercent of [-1, 101]) {
    expect(refusalsOf(await set({ key: "api-keys", enabled: true, rolloutPercent }))).toEqual([
      "INVALID rolloutPercent",
    ]);
  }
  expect(refusalsOf(await set({ key: "api-keys", enabled: false, rolloutPercent: 5 }))).toEqual([
    "INVALID rolloutPercent",
  ]);
  expect(refusalsOf(await set({ key: "api-keys", planId, enabled: true, rolloutPercent: 5 }))).toEqual([
    "INVALID rolloutPercent",
  ]);
  expect(refusalsOf(await set({ key: "api-keys", enabled: true, reason: "" }))).toEqual(["BLANK reason"]);
  const nobodys = fixture.ids.next("org");
  expect(refusalsOf(await set({ key: "api-keys", organizationId: nobodys, enabled: true }))).toEqual([
    "NOT_FOUND organizationId",
  ]);
});

test("operators replay an account over the API, and nobody else does [S85]", async () => {
  const { ada } = await world();
  const replay = (identity: Identity, input: object = {}) =>
    fixture.mutate(identity, "userReplay", { id: ada.userId, ...input }, "differences eventCount written");
  const own = await replay(await fixture.identityOf(ada));
  expect([refusalsOf(own), own.eventCount]).toEqual([["FORBIDDEN undefined"], null]);
  expect(await replay(OPERATOR)).toMatchObject({ differences: {}, eventCount: 2, written: false, userErrors: [] });
  await fixture.admin.query(`UPDATE "user" SET display_name = 'Changed by hand' WHERE id = $1`, [ada.userId]);
  const differences = { displayName: { from: "Changed by hand", to: "Ada" } };
  expect(await replay(OPERATOR)).toMatchObject({ differences, written: false });
  expect(await replay(OPERATOR, { dryRun: false })).toMatchObject({ differences, written: true });
  expect(await replay(OPERATOR)).toMatchObject({ differences: {}, eventCount: 3 });
  expect(refusalsOf(await replay(OPERATOR, { id: fixture.ids.next("usr") }))).toEqual(["NOT_FOUND id"]);
});

test("the command line sets and lists rules, and refuses words that say nothing", async () => {
  const { ada, organizationId } = await world();
  const operate = async (...words: string[]) => {
    const running = await startProcess({
      entry: "subgraphs/operator-main.ts",
      entryArguments: words,
      env: { USER_DATABASE_URL: fixture.runtime.databaseUrls.app },
    });
    const { code } = await running.exited;
    return { code, output: (await running.output()).trim() };
  };
  const off = ["set-feature-flag", "api-keys", "off", "--organization", organizationId, "--reason", "Under review"];
  expect(await operate(...off)).toEqual({ code: 0, output: "api-keys: changed" });
  expect(await operate(...off)).toEqual({ code: 0, output: "api-keys: was so already, nothing was changed" });
  await waitFor(async () => (await flagsOf(ada, organizationId))["api-keys"] === "false ORGANIZATION", {
    what: "the event of the command line",
  });
  const { output } = await operate("feature-flags");
  expect(output).toContain("api-keys: on without a rule. Programs may be given API keys.");
  expect(output).toContain(`  organization ${organizationId} 0 %`);
  expect((await operate("set-feature-flag", "api-keys", "maybe", "--reason", "x")).code).toBe(2);
  expect((await operate("set-feature-flag", "api-keys", "on")).code).toBe(2);
  expect((await operate("set-feature-flag", "no-such", "on", "--reason", "x")).code).toBe(1);
});

test("rules that changed without an event are read again after half an hour [S39]", async () => {
  const { ada, organizationId } = await world();
  await flagsOf(ada, organizationId);
  // Behind the back of everybody: no event tells of it.
  await fixture.admin.query(
    `INSERT INTO feature_flag_rule (flag_key, scope, target, percent, updated_at)
     VALUES ('api-keys', 'ORGANIZATION', $1, 0, now())`,
    [organizationId],
  );
  expect((await flagsOf(ada, organizationId))["api-keys"]).toBe("true DEFAULT");
  fixture.advance(1_801_000);
  await waitFor(async () => (await flagsOf(ada, organizationId))["api-keys"] === "false ORGANIZATION", {
    what: "the rules to be read again",
  });
});
