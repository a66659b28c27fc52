// Operators suspend and reinstate, from the command line of `npm run operator`.

import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Identity } from "../../../../platform/auth/identity.ts";
import { loadEventContracts } from "../../../../platform/events/contracts.ts";
import { outboxOf } from "../../../../platform/graphql/subgraph-outbox.ts";
import type { Operator } from "../../../../platform/operator/operator.ts";
import { reinstateUser } from "../../../../subgraphs/user/commands/accounts/reinstate-user.ts";
import { suspendUser } from "../../../../subgraphs/user/commands/accounts/suspend-user.ts";
import type { OperatorServices } from "../../../../subgraphs/user/services.ts";
import { openUserDatabase } from "../../../../subgraphs/user/store/database.ts";
import { startProcess } from "../../../support/process.ts";
import { waitFor } from "../../../support/wait.ts";
import { ANONYMOUS, type Json, type Person, startUser, type UserFixture } from "./user-fixture.ts";

const OPERATOR: Operator = {
  identity: { kind: "SERVICE", service: "operator" },
  causation: { actorKind: "SERVICE", actorId: "operator:test", correlationId: "test", hop: 0 },
};

let fixture: UserFixture;
let services: OperatorServices;
beforeAll(async () => {
  fixture = await startUser();
  const database = openUserDatabase("user database", fixture.runtime.databaseUrls.app, 4);
  const contracts = await loadEventContracts(fileURLToPath(new URL("../../../../schema/events", import.meta.url)));
  const { clock, ids } = fixture;
  services = { database, clock, outbox: outboxOf("user", { contracts, clock, ids }) };
});
afterAll(async () => {
  await services?.database.part.stop?.();
  await fixture?.stop();
});

/** `npm run operator -- …words` */
async function operate(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const running = await startProcess({
    entry: "subgraphs/operator-main.ts",
    entryArguments: words,
    env: {
      USER_DATABASE_URL: fixture.runtime.databaseUrls.app,
      USER_RELAY_DATABASE_URL: fixture.runtime.databaseUrls.relay,
      ...env,
    },
  });
  const { code } = await running.exited;
  return { code, output: (await running.output()).trim() };
}

const facts = ({ sessionId, userId }: Person) => fixture.subgraph.tokenService.session(sessionId, userId);
const signIn = ({ email, password }: Pick<Person, "email" | "password">) =>
  fixture.mutate(ANONYMOUS, "sessionCreate", { email, password }, "session { id }");
const codesOf = ({ userErrors }: Json): string[] => userErrors.map(({ code }: Json) => code);
const typesOf = async (tenantId: string) => (await fixture.eventsOf(tenantId)).map(({ type }) => type);

test("a suspended user's sessions end, and neither password nor refresh token begins another", async () => {
  const ada = await fixture.person();
  const second = await fixture.signIn(ada);
  const before = (await fixture.eventsOf(ada.userId)).length;
  const command = ["suspend-user", ada.userId, "--reason", "Chargebacks,  case 17", "--by", "grace"];
  expect(await operate(command)).toEqual({ code: 0, output: `${ada.userId}: suspended` });

  expect([await facts(ada), await facts(second)]).toEqual([null, null]);
  const refreshed = await fixture.mutate(
    ANONYMOUS,
    "sessionRefresh",
    { refreshToken: ada.refreshToken },
    "tokens { accessToken }",
  );
  expect([refreshed.tokens, codesOf(refreshed)]).toEqual([null, ["EXPIRED"]]);
  expect(codesOf(await signIn(ada))).toEqual(["STATE_INVALID"]);
  expect(codesOf(await signIn({ ...ada, password: "not this one, no" }))).toEqual(["INVALID"]);

  const events = (await fixture.eventsOf(ada.userId)).slice(before, before + 3);
  expect(events[0]).toMatchObject({
    type: "user.suspended.v1",
    subject: ada.userId,
    actorkind: "SERVICE",
    actorid: "operator:grace",
    data: { userId: ada.userId, reason: "Chargebacks, case 17" },
  });
  expect(events.slice(1).map(({ type, data }) => [type, data.reason])).toEqual(
    Array(2).fill(["user.session.revoked.v1", "user_suspended"]),
  );
  expect(await operate(command)).toEqual({
    code: 0,
    output: `${ada.userId}: was suspended already, nothing was changed`,
  });
  expect((await typesOf(ada.userId)).filter((type) => type === "user.suspended.v1")).toHaveLength(1);
});

test("a reinstated user signs in again, and the old sessions stay ended", async () => {
  const ada = await fixture.person();
  const input = { id: ada.userId, reason: "test" };
  await suspendUser(services, OPERATOR, input);
  expect(await operate(["reinstate-user", ada.userId, "--reason", "Cleared"])).toEqual({
    code: 0,
    output: `${ada.userId}: reinstated`,
  });
  expect(await facts(ada)).toBeNull();
  expect(await facts(await fixture.signIn(ada))).not.toBeNull();
  expect((await reinstateUser(services, OPERATOR, input)).result).toEqual({ changed: false });
  expect((await typesOf(ada.userId)).filter((type) => type === "user.reinstated.v1")).toHaveLength(1);
});

test("who was suspended before the address was confirmed has still to confirm it", async () => {
  const credentials = await fixture.register();
  await fixture.tokenFor(credentials.email, "/verify");
  const { rows } = await fixture.admin.query(`SELECT id FROM "user" WHERE email = $1`, [credentials.email]);
  const input = { id: rows[0].id, reason: "test" };
  await suspendUser(services, OPERATOR, input);
  const token = await fixture.tokenFor(credentials.email, "/verify");
  expect(codesOf(await fixture.mutate(ANONYMOUS, "emailVerify", { token }, "user { id }"))).toEqual(["EXPIRED"]);
  await reinstateUser(services, OPERATOR, input);
  const refused = await signIn(credentials);
  expect(refused.userErrors[0]).toMatchObject({ code: "STATE_INVALID", message: expect.stringContaining("Confirm") });
});

test("no session that began beside a suspension outlives it, and of two suspensions one is an event", async () => {
  const ada = await fixture.person();
  const input = { id: ada.userId, reason: "test" };
  const signingIn = Array.from({ length: 6 }, () => signIn(ada));
  const outcomes = await Promise.all([suspendUser(services, OPERATOR, input), suspendUser(services, OPERATOR, input)]);
  await Promise.all(signingIn);
  expect(outcomes.map(({ result }) => result.changed).sort()).toEqual([false, true]);
  expect((await typesOf(ada.userId)).filter((type) => type === "user.suspended.v1")).toHaveLength(1);
  const { rows } = await fixture.admin.query("SELECT id FROM session WHERE user_id = $1 AND revoked_at IS NULL", [
    ada.userId,
  ]);
  expect(rows).toEqual([]);
});

test("in a suspended organisation its members see that it is suspended and may do nothing else, elsewhere everything", async () => {
  const [owner, member, guest] = [await fixture.person(), await fixture.person(), await fixture.person()];
  const [organizationId, elsewhere] = [await fixture.organization(owner), await fixture.organization(owner)];
  const membershipId = await fixture.join(owner, organizationId, member);
  const { MEMBER } = await fixture.roles(owner, organizationId);
  const invitation = { organizationId, email: guest.email, roleIds: [MEMBER] };
  await fixture.mutate(await fixture.identityOf(owner), "invitationCreate", invitation, "invitation { id }");
  const token = await fixture.tokenFor(guest.email, "/invite");
  const earlier = await fixture.identityOf(owner);
  const earlierMember = await fixture.identityOf(member);

  expect(await operate(["suspend-organization", organizationId, "--reason", "Unpaid"])).toEqual({
    code: 0,
    output: `${organizationId}: suspended`,
  });
  for (const person of [owner, member]) {
    expect((await facts(person))?.grants[organizationId]).toEqual(["organization.read"]);
  }
  expect((await facts(owner))?.grants[elsewhere]).toContain("audit.read");

  const now = await fixture.identityOf(owner);
  const query = "query($id: ID!) { organization(id: $id) { status version members(first: 1) { totalCount } } }";
  // This process learns by the event what another one changed.
  const read = await waitFor(
    async () => {
      const answer = await fixture.ask(now, query, { id: organizationId });
      return answer.data.organization.version === 2 && answer;
    },
    { what: "the event of the suspension", intervalMs: 20 },
  );
  expect(read.data.organization).toEqual({ status: "SUSPENDED", version: 2, members: null });
  expect(read.errors.map(({ extensions }) => extensions.code)).toEqual(["FORBIDDEN"]);

  const other = { organizationId, email: "somebody@example.com", roleIds: [MEMBER] };
  const update = { id: organizationId, expectedVersion: 2, name: "Renamed" };
  expect(codesOf(await fixture.mutate(now, "organizationUpdate", update, "organization { id }"))).toEqual([
    "FORBIDDEN",
  ]);
  // Also for rights that the gateway learned before.
  const attempts: [Identity, string, object, string][] = [now, earlier].flatMap((identity) => [
    [identity, "invitationCreate", other, "invitation { id }"],
    [identity, "membershipUpdate", { id: membershipId, roleIds: [MEMBER] }, "membership { id }"],
    [identity, "membershipRemove", { id: membershipId }, "removedId"],
  ]);
  attempts.push([earlierMember, "membershipRemove", { id: membershipId }, "removedId"]);
  attempts.push([await fixture.identityOf(guest), "invitationAccept", { token }, "membership { id }"]);
  for (const [identity, mutation, input, selection] of attempts) {
    expect(codesOf(await fixture.mutate(identity, mutation, input, selection)), mutation).toEqual(["FORBIDDEN"]);
  }

  expect(await operate(["reinstate-organization", organizationId, "--reason", "Paid"])).toMatchObject({ code: 0 });
  expect((await facts(owner))?.grants[organizationId]).toContain("audit.read");
  const joined = await fixture.mutate(
    await fixture.identityOf(guest),
    "invitationAccept",
    { token },
    "membership { id }",
  );
  expect(codesOf(joined)).toEqual([]);
  const changes = (await fixture.eventsOf(organizationId)).filter(({ type }) => /(suspended|reinstated)/.test(type));
  expect(changes.map(({ type, orgid, data }) => [type, orgid, data.reason])).toEqual([
    ["user.organization.suspended.v1", organizationId, "Unpaid"],
    ["user.organization.reinstated.v1", organizationId, "Paid"],
  ]);
});

test("nobody but the operator's process operates", async () => {
  const ada = await fixture.person();
  const input = { id: ada.userId, reason: "test" };
  const identities: Identity[] = [await fixture.identityOf(ada), ANONYMOUS, { kind: "SERVICE", service: "gateway" }];
  for (const identity of identities) {
    await expect(suspendUser(services, { ...OPERATOR, identity }, input)).rejects.toMatchObject({ code: "FORBIDDEN" });
  }
  expect(await facts(ada)).not.toBeNull();
});

test("a command that cannot be done says with a code what is wrong, and exits 1 when refused, 2 when not tried", async () => {
  const nobody = fixture.ids.next("usr");
  const reason = ["--reason", "x"];
  const cases: [string[], number, string][] = [
    [[], 2, "BAD_ARGUMENTS: which command?"],
    [["erase-user", nobody, ...reason], 2, "BAD_ARGUMENTS: there is no command erase-user"],
    [["constructor", nobody, ...reason], 2, "BAD_ARGUMENTS: there is no command constructor"],
    [["suspend-user", ...reason], 2, "BAD_ARGUMENTS: suspend-user takes one id"],
    [["suspend-user", nobody], 2, "BAD_ARGUMENTS: say why"],
    [["suspend-user", nobody, ...reason, "--force"], 2, "BAD_ARGUMENTS: Unknown option"],
    [["suspend-user", nobody, ...reason, "--by", "a b"], 2, "BAD_ARGUMENTS: --by takes"],
    [["suspend-user", nobody, ...reason], 1, "NOT_FOUND: There is no such user."],
    [["suspend-organization", fixture.ids.next("org"), ...reason], 1, "NOT_FOUND: There is no such organisation."],
    [["suspend-organization", nobody, ...reason], 1, "INVALID: The id of an organisation"],
    [["suspend-user", "usr_'; --", ...reason], 1, "INVALID: The id of a user"],
    [["suspend-user", nobody, "--reason", "  "], 1, "BLANK: The reason is missing."],
    [["suspend-user", nobody, "--reason", "x".repeat(201)], 1, "TOO_LONG: The reason"],
  ];
  await Promise.all(
    cases.map(async ([words, code, message]) => {
      const answer = await operate(words);
      expect(answer, words.join(" ")).toEqual({ code, output: expect.stringContaining(message) });
    }),
  );
});

test("people and organisations are found by id, address, slug and a part of the name, across all tenants", async () => {
  const ada = await fixture.person();
  const organizationId = await fixture.organization(ada);
  const { rows } = await fixture.admin.query(
    `SELECT o.slug, o.name AS title, u.display_name AS name FROM organization AS o, "user" AS u
     WHERE o.id = $1 AND u.id = $2`,
    [organizationId, ada.userId],
  );
  const { slug, title, name } = rows[0];
  const person = `${ada.userId}  ACTIVE  ${ada.email}  ${JSON.stringify(name)}`;
  const organization = `${organizationId}  PROVISIONING  ${slug}  ${JSON.stringify(title)}`;
  const found = async (...words: string[]) => (await operate(["find", ...words])).output.split("\n");
  expect(await found(ada.email.toUpperCase())).toEqual([person]);
  expect(await found(ada.userId)).toEqual([person]);
  expect(await found(slug)).toContain(organization);
  expect(await found(organizationId)).toEqual([organization]);
  expect(await found(...title.toUpperCase().split(" "))).toContain(organization);
  expect(await found(name.slice(1))).toContain(person);
  // What a pattern would mean is text here, and what ends a statement is too.
  for (const text of ["%", "_____", "'; --"]) {
    expect(await operate(["find", text])).toEqual({
      code: 1,
      output: "NOT_FOUND: There is no such user or organisation.",
    });
  }
  expect(await operate(["find"])).toMatchObject({
    code: 2,
    output: expect.stringMatching(/^BAD_ARGUMENTS: find takes/),
  });
});

test("without a database it says where it looked, and which setting to correct", async () => {
  const words = ["suspend-user", fixture.ids.next("usr"), "--reason", "x"];
  expect(await operate(words, { USER_DATABASE_URL: "", DATA_DIR: "/nowhere" })).toEqual({
    code: 2,
    output: expect.stringContaining("CONFIG_INVALID: There is no platform in /nowhere"),
  });
  const away = new URL(fixture.runtime.databaseUrls.app);
  away.port = "1";
  expect(await operate(words, { USER_DATABASE_URL: away.href })).toEqual({
    code: 2,
    output: expect.stringMatching(/^CONFIG_INVALID: .+ does not answer: start it, or correct USER_DATABASE_URL\.$/),
  });
});

test("how many registered per day is told, newest first, and confirmed addresses beside them [S59]", async () => {
  await fixture.register();
  await waitFor(
    async () =>
      (await fixture.admin.query("SELECT 1 FROM registration_day WHERE registered > verified")).rowCount === 1,
    { what: "the registration to be counted" },
  );
  await fixture.admin.query("INSERT INTO registration_day VALUES ('2026-01-02', 1234567, 89)");
  const { code, output } = await operate(["registrations", "--days", "3"]);
  expect(code).toBe(0);
  const lines = output.split("\n");
  expect(lines[0]).toBe("day         registered  confirmed");
  expect(lines.at(-1)).toBe("2026-01-02     1234567         89");
  expect(lines.length).toBeGreaterThan(2);
  expect(await operate(["registrations", "--days", "none"])).toMatchObject({
    code: 2,
    output: expect.stringMatching(/^BAD_ARGUMENTS: registrations takes/),
  });
});
