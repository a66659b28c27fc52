// Organisations and their members: atomicity, uniqueness, versions, limits, owners.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { waitFor } from "../../../support/wait.ts";
import { type Json, type Person, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

const SELECTION =
  "organization { id slug version members(first: 5) { edges { node { user { id } roles { name } } } } }";

test("an organisation comes with its roles, its owner and their events, readable in the same answer", async () => {
  const ada = await fixture.person();
  const input = { name: "Ünïcode & Söhne", idempotencyKey: randomUUID() };
  const payload = await fixture.mutate(await fixture.identityOf(ada), "organizationCreate", input, SELECTION);
  expect(payload.userErrors).toEqual([]);
  const { organization } = payload;
  expect(organization.slug).toBe("unicode-sohne");
  expect(organization.members.edges[0].node).toEqual({ user: { id: ada.userId }, roles: [{ name: "OWNER" }] });
  const events = await fixture.eventsOf(organization.id);
  expect(events.map(({ type }) => type)).toEqual([
    "user.organization.created.v1",
    "user.membership.created.v1",
    "user.saga.step_requested.v1",
    "user.saga.changed.v1",
  ]);
  expect(events[1]).toMatchObject({ orgid: organization.id, actorid: ada.userId, data: { userId: ada.userId } });
});

test("of simultaneous creates with one slug exactly one wins, the others get TAKEN [S18]", async () => {
  const people = await Promise.all([fixture.person(), fixture.person(), fixture.person()]);
  const slug = `race-${randomUUID().slice(0, 8)}`;
  const payloads = await Promise.all(
    people.map(async (person) =>
      fixture.mutate(
        await fixture.identityOf(person),
        "organizationCreate",
        { name: "Race", slug, idempotencyKey: randomUUID() },
        "organization { id }",
      ),
    ),
  );
  expect(payloads.filter(({ organization }) => organization !== null)).toHaveLength(1);
  const refused = payloads.filter(({ organization }) => organization === null).flatMap(({ userErrors }) => userErrors);
  expect(refused.map(({ code, status }) => [code, status])).toEqual(Array(2).fill(["TAKEN", 409]));
});

test("a slug derived from a taken name gets a suffix", async () => {
  const ada = await fixture.person();
  const name = `Twin ${randomUUID().slice(0, 8)}`;
  const slugs = [];
  for (const _ of [1, 2]) {
    const input = { name, idempotencyKey: randomUUID() };
    const payload = await fixture.mutate(await fixture.identityOf(ada), "organizationCreate", input, SELECTION);
    slugs.push(payload.organization.slug);
  }
  expect(slugs[1]).toMatch(new RegExp(`^${slugs[0]}-[0-9a-f]{6}$`));
});

test("the same idempotency key gives the stored organisation, another input a mismatch", async () => {
  const ada = await fixture.person();
  const before = await fixture.identityOf(ada);
  const input = { name: "Once", slug: `once-${randomUUID().slice(0, 8)}`, idempotencyKey: randomUUID() };
  const query = `mutation($input: OrganizationCreateInput!) { organizationCreate(input: $input) { organization { id } userErrors { code } } }`;
  const answers = await Promise.all([fixture.ask(before, query, { input }), fixture.ask(before, query, { input })]);
  const ids = answers.map(({ data }) => data.organizationCreate.organization.id);
  expect(ids[0]).toBe(ids[1]);
  expect(answers.filter(({ extensions }) => extensions?.idempotency?.replayed === true)).toHaveLength(1);
  const other = await fixture.ask(before, query, { input: { ...input, name: "Twice" } });
  expect(other.data.organizationCreate.userErrors[0].code).toBe("IDEMPOTENCY_MISMATCH");
});

test("a create that fails after its first write leaves no row and no event behind [S9]", async () => {
  const ada = await fixture.person();
  const identity = await fixture.identityOf(ada);
  const slug = `fail-${randomUUID().slice(0, 8)}`;
  await fixture.admin.query(`ALTER TABLE membership ADD CONSTRAINT injected CHECK (user_id <> '${ada.userId}')`);
  try {
    const input = { name: "Fails", slug, idempotencyKey: randomUUID() };
    await expect(fixture.mutate(identity, "organizationCreate", input, "organization { id }")).rejects.toThrow(
      "INTERNAL_SERVER_ERROR",
    );
    for (const sql of [
      `SELECT 1 FROM organization WHERE slug = '${slug}'`,
      `SELECT 1 FROM idempotency WHERE key = '${input.idempotencyKey}'`,
      `SELECT 1 FROM outbox WHERE envelope LIKE '%${slug}%'`,
      "SELECT 1 FROM role r LEFT JOIN organization o ON o.id = r.organization_id WHERE o.id IS NULL",
    ]) {
      expect((await fixture.admin.query(sql)).rows).toEqual([]);
    }
  } finally {
    await fixture.admin.query("ALTER TABLE membership DROP CONSTRAINT injected");
  }
});

test("a user can create twenty organisations, also when asking for more at once", async () => {
  const ada = await fixture.person();
  const identity = await fixture.identityOf(ada);
  const payloads: Json[] = await Promise.all(
    Array.from({ length: 22 }, () =>
      fixture.mutate(
        identity,
        "organizationCreate",
        { name: "Many", slug: `m-${randomUUID().slice(0, 20)}`, idempotencyKey: randomUUID() },
        "organization { id }",
      ),
    ),
  );
  const codes = payloads.flatMap(({ userErrors }) => userErrors.map(({ code }: Json) => code));
  expect(codes).toEqual(["LIMIT_REACHED", "LIMIT_REACHED"]);
});

test("an update of an organisation that has changed since is refused with VERSION_CONFLICT", async () => {
  const ada = await fixture.person();
  const id = await fixture.organization(ada);
  const identity = await fixture.identityOf(ada);
  const rename = (name: string) =>
    fixture.mutate(identity, "organizationUpdate", { id, expectedVersion: 1, name }, "organization { name version }");
  const payloads = await Promise.all([rename("First"), rename("Second")]);
  expect(payloads.filter(({ organization }) => organization?.version === 2)).toHaveLength(1);
  expect(payloads.flatMap(({ userErrors }) => userErrors)).toMatchObject([{ code: "VERSION_CONFLICT", status: 409 }]);
});

describe("another slug", () => {
  const SLUG_SELECTION = "organization { slug version }";
  const newSlug = () => `s-${randomUUID().slice(0, 20)}`;
  const change = async (person: Person, id: string, expectedVersion: number, input: object) =>
    fixture.mutate(
      await fixture.identityOf(person),
      "organizationUpdate",
      { id, expectedVersion, ...input },
      SLUG_SELECTION,
    );
  const found = async (person: Person, slug: string) => {
    const query = "query($slug: String!) { organization(slug: $slug) { id slug name } }";
    return (await fixture.ask(await fixture.identityOf(person), query, { slug })).data.organization;
  };

  test("is told live, and the former one leads to it", async () => {
    const ada = await fixture.person();
    const [first, second] = [newSlug(), newSlug()];
    const id = await fixture.organization(ada, first);
    expect(await change(ada, id, 1, { slug: second })).toMatchObject({
      organization: { slug: second, version: 2 },
      userErrors: [],
    });
    expect((await found(ada, first)).slug).toBe(second);
    expect((await found(ada, second)).id).toBe(id);
    const event = (await fixture.eventsOf(id)).at(-1);
    expect([event.type, event.data.slug]).toEqual(["user.organization.updated.v1", second]);
    // Its own again, and a name at once.
    expect((await change(ada, id, 2, { slug: first, name: "Both Works" })).organization.slug).toBe(first);
    expect(await found(ada, second)).toMatchObject({ slug: first, name: "Both Works" });
  });

  test("is nobody's who has or had it, neither by a change nor by a new organisation", async () => {
    const [ada, bob] = [await fixture.person(), await fixture.person()];
    const [first, second] = [newSlug(), newSlug()];
    const id = await fixture.organization(ada, first);
    const other = await fixture.organization(bob);
    await change(ada, id, 1, { slug: second });
    for (const slug of [first, second]) {
      expect((await change(bob, other, 1, { slug })).userErrors).toMatchObject([
        { code: "TAKEN", field: ["input", "slug"] },
      ]);
      const input = { name: "Thief Works", slug, idempotencyKey: randomUUID() };
      const made = await fixture.mutate(await fixture.identityOf(bob), "organizationCreate", input, SELECTION);
      expect(made.userErrors).toMatchObject([{ code: "TAKEN" }]);
      expect(await found(bob, slug)).toBeNull();
    }
    expect((await change(bob, other, 1, { slug: "-no-" })).userErrors[0].code).toBe("INVALID");
  });

  test("is there ten times at most, and one of two that want the same gets it", async () => {
    const [ada, bob] = [await fixture.person(), await fixture.person()];
    const ids = [await fixture.organization(ada), await fixture.organization(bob)];
    const slug = newSlug();
    const answers = await Promise.all([change(ada, ids[0] ?? "", 1, { slug }), change(bob, ids[1] ?? "", 1, { slug })]);
    expect(answers.filter(({ organization }) => organization !== null)).toHaveLength(1);
    expect(answers.flatMap(({ userErrors }) => userErrors)).toMatchObject([{ code: "TAKEN" }]);
    const id = await fixture.organization(ada);
    for (let version = 1; version < 10; version += 1) await change(ada, id, version, { slug: newSlug() });
    expect((await change(ada, id, 10, { slug: newSlug() })).userErrors[0].code).toBe("LIMIT_REACHED");
  });
});

test("a member joins by mail, with the invited address only, and once", async () => {
  const [ada, bob, eve] = await Promise.all([fixture.person(), fixture.person(), fixture.person()]);
  const organizationId = await fixture.organization(ada);
  const roleIds = [(await fixture.roles(ada, organizationId)).MEMBER];
  const invite = async () =>
    fixture.mutate(
      await fixture.identityOf(ada),
      "invitationCreate",
      { organizationId, email: bob.email, roleIds },
      "invitation { id status email invitedBy { id } roles { name } }",
    );
  expect((await invite()).invitation).toMatchObject({
    status: "PENDING",
    email: bob.email,
    invitedBy: { id: ada.userId },
  });
  expect((await invite()).userErrors[0].code).toBe("TAKEN");
  const token = await fixture.tokenFor(bob.email, "/invite");
  const accept = async (person: typeof bob) =>
    fixture.mutate(
      await fixture.identityOf(person),
      "invitationAccept",
      { token },
      "membership { id organization { id slug } roles { name } user { id } }",
    );
  expect((await accept(eve)).userErrors[0].code).toBe("FORBIDDEN");
  const { membership } = await accept(bob);
  expect(membership).toMatchObject({
    organization: { id: organizationId },
    roles: [{ name: "MEMBER" }],
    user: { id: bob.userId },
  });
  expect((await accept(bob)).userErrors[0].code).toBe("STATE_INVALID");
  const types = (await fixture.eventsOf(organizationId)).map(({ type }) => type);
  expect(types.slice(4)).toEqual([
    "user.invitation.created.v1",
    "user.invitation.accepted.v1",
    "user.membership.created.v1",
  ]);
});

test("the last owner stays, also when two owners leave at once", async () => {
  const [ada, bob] = await Promise.all([fixture.person(), fixture.person()]);
  const organizationId = await fixture.organization(ada);
  const { OWNER, MEMBER } = await fixture.roles(ada, organizationId);
  const bobs = await fixture.join(ada, organizationId, bob);
  const adas = await membershipOf(organizationId, ada.userId);
  const selection = "membership { roles { name } version }";
  const update = async (id: string, roleIds: string[]) =>
    fixture.mutate(await fixture.identityOf(ada), "membershipUpdate", { id, roleIds }, selection);
  const remove = async (person: typeof ada, id: string) =>
    fixture.mutate(await fixture.identityOf(person), "membershipRemove", { id }, "removedId");
  expect((await update(adas, [MEMBER])).userErrors[0].code).toBe("STATE_INVALID");
  expect((await remove(ada, adas)).userErrors[0].code).toBe("STATE_INVALID");
  expect((await remove(bob, adas)).userErrors[0].code).toBe("FORBIDDEN");
  expect((await update(bobs, [OWNER, MEMBER])).membership).toMatchObject({ version: 2 });
  const updated = (await fixture.eventsOf(organizationId)).find(({ type }) => type === "user.membership.updated.v1");
  expect(updated?.data).toMatchObject({ userId: bob.userId, fromRoles: ["MEMBER"] });

  // Both wait where their transactions write last, so that each has judged before either has committed.
  const left = await whileStreamIsHeld(organizationId, () => [remove(ada, adas), remove(bob, bobs)]);
  expect(left.filter(({ removedId }) => removedId !== null)).toHaveLength(1);
  expect(left.flatMap(({ userErrors }) => userErrors)).toMatchObject([{ code: "STATE_INVALID" }]);
});

async function membershipOf(organizationId: string, userId: string): Promise<string> {
  const sql = "SELECT id FROM membership WHERE organization_id = $1 AND user_id = $2";
  return (await fixture.admin.query(sql, [organizationId, userId])).rows[0].id;
}

/** Starts commands and lets them end only after each of them waits for a lock. */
async function whileStreamIsHeld(organizationId: string, start: () => Promise<Json>[]): Promise<Json[]> {
  const holder = await fixture.admin.connect();
  try {
    await holder.query("BEGIN");
    await holder.query("SELECT 1 FROM stream_head WHERE tenant_id = $1 FOR UPDATE", [organizationId]);
    const running = start();
    await waitFor(
      async () => {
        const sql = `SELECT count(*)::int AS n FROM pg_stat_activity
          WHERE datname = current_database() AND usename = 'tributary_user_app' AND wait_event_type = 'Lock'`;
        return (await fixture.admin.query(sql)).rows[0].n >= running.length;
      },
      { what: "the commands to wait for locks" },
    );
    await holder.query("COMMIT");
    return await Promise.all(running);
  } finally {
    holder.release();
  }
}

test("whoever invites sees what became of the mails, page by page and in numbers [S109]", async () => {
  const [ada, bob] = [await fixture.person(), await fixture.person()];
  const id = await fixture.organization(ada);
  const roleIds = [(await fixture.roles(ada, id)).MEMBER];
  for (const n of [1, 2]) {
    const input = { organizationId: id, email: `guest-${n}-${randomUUID()}@example.com`, roleIds };
    await fixture.mutate(await fixture.identityOf(ada), "invitationCreate", input, "invitation { id }");
  }
  const query = `query($id: ID!) { organization(id: $id) {
    emailDeliveries(first: 1) { totalCount edges { node { template recipient status attempts lastError sentAt
      timeline { status at detail } } } }
    emailStatistics(days: 1) { sent failed pending deliveryRate } } }`;
  const asked = async (person: Person) => fixture.ask(await fixture.identityOf(person), query, { id });
  const { emailDeliveries } = await waitFor(
    async () => {
      const { organization } = (await asked(ada)).data;
      return organization.emailStatistics.sent === 2 ? organization : undefined;
    },
    { what: "both mails to be sent" },
  );
  expect(emailDeliveries.totalCount).toBe(2);
  expect(emailDeliveries.edges).toMatchObject([
    { node: { template: "invitation", status: "SENT", attempts: 1, lastError: null } },
  ]);
  const steps: Json[] = emailDeliveries.edges[0].node.timeline;
  expect(steps.map(({ status, detail }) => [status, detail])).toEqual([
    ["REQUESTED", null],
    ["SENDING", null],
    ["SENT", null],
  ]);
  const moments = steps.map(({ at }) => at);
  expect(moments).toEqual([...moments].sort());
  expect(emailDeliveries.edges[0].node.recipient).toContain("guest-2");
  await fixture.join(ada, id, bob);
  const { data, errors } = await asked(bob);
  expect(data.organization).toEqual({ emailDeliveries: null, emailStatistics: null });
  expect(errors.map(({ extensions }) => extensions.code)).toEqual(["FORBIDDEN", "FORBIDDEN"]);
});
