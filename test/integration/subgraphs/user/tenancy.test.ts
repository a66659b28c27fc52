// Who sees what: row-level security in the catalogue, foreign ids like missing ones, members and their addresses.
import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ANONYMOUS, type Person, startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
let ada: Person;
let eve: Person;
let adas: string;
let eves: string;
beforeAll(async () => {
  fixture = await startUser();
  [ada, eve] = await Promise.all([fixture.person(), fixture.person()]);
  [adas, eves] = await Promise.all([fixture.organization(ada), fixture.organization(eve)]);
});
afterAll(() => fixture?.stop());

test("every table with a tenant column forces row-level security, and without a tenant the app role reads no row [MT-01]", async () => {
  const { rows } =
    await fixture.admin.query(`SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND (c.relname = 'organization' OR EXISTS (
      SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('tenant_id', 'organization_id', 'user_id')))`);
  expect(rows.length).toBeGreaterThan(12);
  expect(rows.filter(({ forced }) => !forced)).toEqual([]);
  const app = new Client({ connectionString: fixture.runtime.databaseUrls.app });
  await app.connect();
  try {
    for (const { name } of rows)
      expect((await app.query(`SELECT count(*)::int AS n FROM "${name}"`)).rows[0].n, name).toBe(0);
  } finally {
    await app.end();
  }
});

test("no ids of a foreign organisation lead anywhere: they answer like random ones [MT-03]", async () => {
  const identity = await fixture.identityOf(eve);
  const { rows } = await fixture.admin.query("SELECT id FROM membership WHERE organization_id = $1", [adas]);
  const roleId = (await fixture.roles(ada, adas)).OWNER;
  const foreign = { org: adas, mem: rows[0].id, rol: roleId, ses: ada.sessionId, usr: ada.userId };
  const random = Object.fromEntries(Object.keys(foreign).map((prefix) => [prefix, fixture.ids.next(prefix)]));
  const asked = async (ids: Record<string, string>) => {
    const { org, mem, rol, ses, usr } = ids;
    const answers: unknown[] = [
      await fixture.ask(identity, "query($id: ID!) { organization(id: $id) { id } }", { id: org }),
      await fixture.ask(identity, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {
        ids: [org, mem, rol, ses, usr],
      }),
      await fixture.ask(identity, "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }", {
        r: [
          { __typename: "Organization", id: org },
          { __typename: "Membership", id: mem },
          { __typename: "Role", id: rol },
          { __typename: "Session", id: ses },
          { __typename: "User", id: usr },
        ],
      }),
      await fixture.mutate(
        identity,
        "organizationUpdate",
        { id: org, expectedVersion: 1, name: "Mine" },
        "organization { id }",
      ),
      await fixture.mutate(identity, "membershipUpdate", { id: mem, roleIds: [rol] }, "membership { id }"),
      await fixture.mutate(identity, "membershipRemove", { id: mem }, "removedId"),
      await fixture.mutate(
        identity,
        "invitationCreate",
        { organizationId: org, email: "x@example.com", roleIds: [rol] },
        "invitation { id }",
      ),
      await fixture.ask(identity, `{ viewer { permissions(organizationId: "${org}") } }`),
    ];
    // Trace ids differ from request to request.
    return JSON.parse(JSON.stringify(answers).replace(/"traceId":"[0-9a-f]+"/g, '"traceId":""'));
  };
  const answers = await asked(foreign);
  expect(answers).toEqual(await asked(random));
  expect(answers[0].errors[0].extensions.code).toBe("NOT_FOUND");
  expect(answers[1].data.nodes).toEqual([null, null, null, null, null]);
  expect(answers[2].data._entities).toEqual([null, null, null, null, null]);
  for (const payload of answers.slice(3, 7)) expect(payload.userErrors[0].code).toBe("NOT_FOUND");
  expect((await fixture.eventsOf(adas)).map(({ type }) => type)).toHaveLength(4);
});

test("a foreign organisation's slug finds nothing, and one's own finds it", async () => {
  const { rows } = await fixture.admin.query("SELECT slug FROM organization WHERE id = $1", [adas]);
  const query = "query($slug: String!) { organization(slug: $slug) { id } }";
  const asEve = await fixture.ask(await fixture.identityOf(eve), query, { slug: rows[0].slug });
  expect([asEve.data.organization, asEve.errors[0].extensions.code]).toEqual([null, "NOT_FOUND"]);
  const asAda = await fixture.ask(await fixture.identityOf(ada), query, { slug: rows[0].slug });
  expect(asAda.data.organization.id).toBe(adas);
});

test("without a user nothing is visible, and changes are refused as unauthenticated", async () => {
  const { data } = await fixture.ask(ANONYMOUS, "query($id: ID!) { viewer { user { id } } node(id: $id) { id } }", {
    id: adas,
  });
  expect(data).toEqual({ viewer: null, node: null });
  const create =
    "mutation($input: OrganizationCreateInput!) { organizationCreate(input: $input) { organization { id } } }";
  const { errors } = await fixture.ask(ANONYMOUS, create, { input: { name: "None", idempotencyKey: randomUUID() } });
  expect(errors[0].extensions.code).toBe("UNAUTHENTICATED");
});

test("members see each other with their addresses, and a removed one is out of sight at once", async () => {
  const bob = await fixture.person();
  const membershipId = await fixture.join(eve, eves, bob);
  const query = "query($id: ID!) { node(id: $id) { ... on User { email } } }";
  const email = async (viewer: Person, id: string) =>
    (await fixture.ask(await fixture.identityOf(viewer), query, { id })).data.node?.email;
  expect([await email(eve, bob.userId), await email(bob, eve.userId)]).toEqual([bob.email, eve.email]);
  const members =
    "query($id: ID!) { organization(id: $id) { id members(first: 10) { totalCount } invitations(first: 10) { totalCount } } }";
  const asBob = await fixture.ask(await fixture.identityOf(bob), members, { id: eves });
  expect(asBob.data.organization).toMatchObject({ members: { totalCount: 2 }, invitations: null });
  expect(asBob.errors.map(({ extensions, path }) => [extensions.code, path])).toEqual([
    ["FORBIDDEN", ["organization", "invitations"]],
  ]);
  const forbidden = {
    organizationId: eves,
    email: "y@example.com",
    roleIds: [(await fixture.roles(eve, eves)).MEMBER],
  };
  const refused = await fixture.mutate(
    await fixture.identityOf(bob),
    "invitationCreate",
    forbidden,
    "invitation { id }",
  );
  expect(refused.userErrors[0].code).toBe("FORBIDDEN");
  await fixture.mutate(await fixture.identityOf(eve), "membershipRemove", { id: membershipId }, "removedId");
  expect(await email(eve, bob.userId)).toBeUndefined();
  expect((await fixture.subgraph.tokenService.session(bob.sessionId, bob.userId))?.grants).toEqual({});
});

test("nodes of every subgraph are named by their prefix, and anything else is null", async () => {
  const identity = await fixture.identityOf(ada);
  const ids = [adas, fixture.ids.next("inv"), fixture.ids.next("aud"), fixture.ids.next("zzz"), "nonsense"];
  const { data, errors } = await fixture.ask(identity, "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {
    ids,
  });
  expect(errors).toEqual([]);
  expect(data.nodes.map((node: { __typename: string } | null) => node?.__typename)).toEqual([
    "Organization",
    "Invoice",
    "AuditEntry",
    undefined,
    undefined,
  ]);
});

test("pages of members walk in both directions, and a cursor of another list is refused", async () => {
  const bob = await fixture.person();
  await fixture.join(ada, adas, bob);
  const identity = await fixture.identityOf(ada);
  const query = `query($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { organization(id: $id) {
    members(first: $first, after: $after, last: $last, before: $before) { edges { cursor node { user { id } } } pageInfo { hasNextPage hasPreviousPage } } } }`;
  const page = async (variables: object) => fixture.ask(identity, query, { id: adas, ...variables });
  const first = (await page({ first: 1 })).data.organization.members;
  expect(first).toMatchObject({ edges: [{ node: { user: { id: ada.userId } } }], pageInfo: { hasNextPage: true } });
  const second = (await page({ first: 1, after: first.edges[0].cursor })).data.organization.members;
  expect(second).toMatchObject({ edges: [{ node: { user: { id: bob.userId } } }], pageInfo: { hasNextPage: false } });
  const back = (await page({ last: 1, before: second.edges[0].cursor })).data.organization.members;
  expect(back.edges[0].node.user.id).toBe(ada.userId);
  const elsewhere = await fixture.ask(await fixture.identityOf(eve), query, {
    id: eves,
    first: 1,
    after: first.edges[0].cursor,
  });
  expect(elsewhere.errors[0].extensions.code).toBe("BAD_USER_INPUT");
});
