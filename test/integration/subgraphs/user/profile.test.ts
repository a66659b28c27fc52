// What an account tells of its owner: changed, remembered, asked as of a moment, and made anew out of its history.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { outboxOf } from "../../../../platform/graphql/subgraph-outbox.ts";
import { operatorOf } from "../../../../platform/operator/operator.ts";
import { replayProfile } from "../../../../subgraphs/user/commands/accounts/replay-profile.ts";
import { openUserDatabase } from "../../../../subgraphs/user/store/database.ts";
import { type Person, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
let database: ReturnType<typeof openUserDatabase>;
beforeAll(async () => {
  fixture = await startUser();
  database = openUserDatabase("profile test", fixture.runtime.databaseUrls.app, 2);
});
afterAll(async () => {
  await database?.part.stop?.();
  await fixture?.stop();
});

const PROFILE = "id displayName locale timeZone version";
const update = async (person: Person, input: object) =>
  fixture.mutate(
    await fixture.identityOf(person),
    "userProfileUpdate",
    { id: person.userId, ...input },
    `user { ${PROFILE} }`,
  );
const ask = async (person: Person, selection: string, variables = {}) => {
  const query = `query($at: DateTime) { viewer { user { ${selection} } } }`.replace(
    "($at: DateTime)",
    Object.keys(variables).length === 0 ? "" : "($at: DateTime!)",
  );
  return (await fixture.ask(await fixture.identityOf(person), query, variables)).data.viewer.user;
};
const historyOf = async (person: Person) => {
  const selection =
    "profileEvents(first: 50) { totalCount edges { node { sequence type changes actorId traceId occurredAt } } }";
  const { profileEvents } = await ask(person, selection);
  return profileEvents.edges.map(({ node }: { node: Record<string, unknown> }) => node);
};
const replay = (person: Person, dryRun: boolean) =>
  replayProfile({ database, clock: fixture.clock, outbox: outboxOf("user", fixture.runtime) }, operatorOf("tester"), {
    id: person.userId,
    dryRun,
  });

test("every change is in the history with before and after, who did it and its trace, newest first [S84]", async () => {
  const ada = await fixture.person();
  const changed = await update(ada, {
    expectedVersion: 2,
    displayName: "Ada Lovelace",
    locale: "EN-gb",
    timeZone: "Europe/Vienna",
  });
  expect(changed.user).toEqual({
    id: ada.userId,
    displayName: "Ada Lovelace",
    locale: "en-GB",
    timeZone: "Europe/Vienna",
    version: 3,
  });
  await update(ada, { expectedVersion: 3, locale: null });
  const [third, second, ...first] = await historyOf(ada);
  expect(third).toMatchObject({ sequence: 4, type: "UPDATED", changes: { locale: { from: "en-GB", to: null } } });
  expect(second).toMatchObject({
    sequence: 3,
    actorId: ada.userId,
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    changes: {
      displayName: { from: "Ada", to: "Ada Lovelace" },
      locale: { from: null, to: "en-GB" },
      timeZone: { from: null, to: "Europe/Vienna" },
    },
  });
  expect(first.map(({ type }: { type: string }) => type)).toEqual(["EMAIL_VERIFIED", "REGISTERED"]);
  const events = (await fixture.eventsOf(ada.userId)).filter(({ type }) => type === "user.profile_updated.v1");
  expect(events[0].data.changes.displayName).toEqual({ from: "Ada", to: "Ada Lovelace" });
});

test("nothing is changed for an old version, for another person, or by what is no name, language or zone", async () => {
  const [ada, eve] = [await fixture.person(), await fixture.person()];
  const codes = async (input: object) =>
    (await update(ada, { expectedVersion: 2, ...input })).userErrors.map(
      ({ code, field }: { code: string; field: string[] }) => `${code} ${field.at(-1)}`,
    );
  expect(await codes({ expectedVersion: 1, displayName: "Late" })).toEqual(["VERSION_CONFLICT expectedVersion"]);
  expect(await codes({ id: eve.userId, displayName: "Mine" })).toEqual(["NOT_FOUND id"]);
  expect(await codes({ id: fixture.ids.next("usr"), displayName: "Mine" })).toEqual(["NOT_FOUND id"]);
  expect(await codes({ displayName: " " })).toEqual(["BLANK displayName"]);
  expect(await codes({ locale: "not a language" })).toEqual(["INVALID locale"]);
  expect(await codes({ timeZone: "Mars/Olympus" })).toEqual(["INVALID timeZone"]);
  expect((await update(ada, { expectedVersion: 2, displayName: "Ada" })).user.version).toBe(2);
  expect(await historyOf(ada)).toHaveLength(2);
});

test("an account is told as it was at a moment, and its history to its owner alone [S85]", async () => {
  const [ada, eve] = [await fixture.person(), await fixture.person()];
  const organizationId = await fixture.organization(ada);
  await fixture.join(ada, organizationId, eve);
  const before = fixture.clock.now();
  fixture.advance(60_000);
  await update(ada, { expectedVersion: 2, displayName: "Ada Lovelace" });
  const asOf = async (at: Date) =>
    (await ask(ada, "asOf(at: $at) { version displayName status }", { at: at.toISOString() })).asOf;
  expect(await asOf(before)).toEqual({ version: 2, displayName: "Ada", status: "ACTIVE" });
  expect(await asOf(fixture.clock.now())).toEqual({ version: 3, displayName: "Ada Lovelace", status: "ACTIVE" });
  expect(await asOf(new Date("2001-01-01"))).toBeNull();
  const foreign = await fixture.ask(
    await fixture.identityOf(eve),
    `{ node(id: "${ada.userId}") { ... on User { displayName asOf(at: "2030-01-01T00:00:00Z") { version } profileEvents(first: 1) { totalCount } } } }`,
  );
  expect(foreign.data.node).toEqual({ displayName: "Ada Lovelace", asOf: null, profileEvents: null });
  expect(foreign.errors.map(({ extensions }) => extensions.code)).toEqual(["FORBIDDEN", "FORBIDDEN"]);
});

test("an account is made anew out of its history, with a dry run before it is written [S85]", async () => {
  const ada = await fixture.person();
  await update(ada, { expectedVersion: 2, displayName: "Ada Lovelace" });
  expect((await replay(ada, true)).result).toEqual({ events: 3, differences: {}, written: false });
  await fixture.admin.query(`UPDATE "user" SET display_name = 'Eve', locale = 'fr' WHERE id = $1`, [ada.userId]);
  const differences = { displayName: { from: "Eve", to: "Ada Lovelace" }, locale: { from: "fr", to: null } };
  expect((await replay(ada, true)).result).toEqual({ events: 3, differences, written: false });
  expect((await fixture.admin.query('SELECT display_name FROM "user" WHERE id = $1', [ada.userId])).rows).toEqual([
    { display_name: "Eve" },
  ]);
  expect((await replay(ada, false)).result).toEqual({ events: 3, differences, written: true });
  expect(await ask(ada, PROFILE)).toMatchObject({ displayName: "Ada Lovelace", locale: null, version: 4 });
  expect((await replay(ada, true)).result.differences).toEqual({});
});

test("ten thousand events make the same account as the changes did, one by one [S85]", async () => {
  const ada = await fixture.person();
  await fixture.admin.query(
    `INSERT INTO profile_event (user_id, sequence, type, changes, trace_id, occurred_at)
     SELECT $1, n, 'UPDATED', jsonb_build_object(
       CASE n % 3 WHEN 0 THEN 'displayName' WHEN 1 THEN 'locale' ELSE 'timeZone' END,
       jsonb_build_object('from', NULL, 'to', 'value ' || n)), 'none', now()
     FROM generate_series(3, 10000) AS n`,
    [ada.userId],
  );
  await fixture.admin.query(
    `UPDATE "user" SET version = 10000, display_name = 'value 9999', locale = 'value 10000', time_zone = 'value 9998'
     WHERE id = $1`,
    [ada.userId],
  );
  const checksum = async () => {
    const { rows } = await fixture.admin.query(
      'SELECT email, email_verified_at, display_name, status, locale, time_zone FROM "user" WHERE id = $1',
      [ada.userId],
    );
    return createHash("sha256").update(JSON.stringify(rows)).digest("hex");
  };
  const before = await checksum();
  expect((await replay(ada, true)).result).toEqual({ events: 10_000, differences: {}, written: false });
  await fixture.admin.query(
    `UPDATE "user" SET display_name = 'x', locale = NULL, time_zone = NULL, status = 'SUSPENDED' WHERE id = $1`,
    [ada.userId],
  );
  expect((await replay(ada, false)).result.written).toBe(true);
  expect(await checksum()).toBe(before);
});

test("the history can be neither changed nor removed by the platform", async () => {
  const app = fixture.runtime.databaseUrls.app;
  for (const statement of ["UPDATE profile_event SET type = 'UPDATED'", "DELETE FROM profile_event"]) {
    await expect(database.autocommit.$executeRawUnsafe(statement), app).rejects.toThrow(/permission denied/);
  }
});

test("a person's data can be taken along: all of their own, nothing of others, and no secret", async () => {
  const [ada, bob] = [await fixture.person(), await fixture.person()];
  const id = await fixture.organization(ada);
  await fixture.join(ada, id, bob);
  const { data } = await fixture.ask(await fixture.identityOf(bob), "{ viewer { dataExport } }");
  const { dataExport } = data.viewer;
  expect(dataExport).toMatchObject({
    account: { id: bob.userId, email: bob.email },
    secondFactor: null,
    sessions: [{ id: bob.sessionId }],
    memberships: [{ organizationId: id, organization: "Test Works", roles: ["MEMBER"] }],
  });
  expect(dataExport.history.map(({ type }: { type: string }) => type)).toEqual(["REGISTERED", "EMAIL_VERIFIED"]);
  expect(dataExport.mails.map(({ template }: { template: string }) => template)).toContain("verification");
  const text = JSON.stringify(dataExport);
  const { rows } = await fixture.admin.query('SELECT password_hash FROM "user" WHERE id = $1', [bob.userId]);
  for (const secret of [rows[0].password_hash, bob.refreshToken, ada.userId, ada.email]) {
    expect(text).not.toContain(secret);
  }
});
