// The demo data: there after one run, unchanged after two.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DemoApi } from "../../../../platform/graphql/demo-data.ts";
import { DEMO } from "../../../../subgraphs/user/demo/seed-demo.ts";
import { startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;
beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

test("the demo account signs in and owns the demo organisation with a teammate, however often it is seeded", async () => {
  const tokens: string[] = [];
  const api: DemoApi = {
    async run(query, variables, schema) {
      const { data } = await fixture.ask({ kind: "ANONYMOUS" }, query, variables);
      return schema.parse(data);
    },
    signIn: (token) => void tokens.push(token),
  };
  await fixture.subgraph.demo.prepare(api);
  await fixture.subgraph.demo.prepare(api);
  expect(new Set(tokens).size).toBe(2);
  const demo = await fixture.signIn(DEMO);
  const query = `{ organization(slug: "${DEMO.slug}") { id name members(first: 10) { edges { node { user { email } roles { name } } } } } }`;
  const { data } = await fixture.ask(await fixture.identityOf(demo), query);
  expect(data.organization.name).toBe("Demo Inc");
  expect(data.organization.members.edges.map(({ node }: { node: unknown }) => node)).toEqual([
    { user: { email: DEMO.email }, roles: [{ name: "OWNER" }] },
    { user: { email: DEMO.teammateEmail }, roles: [{ name: "MEMBER" }] },
  ]);
  const types = (await fixture.eventsOf(data.organization.id)).map(({ type }) => type);
  expect(types).toEqual([
    "user.organization.created.v1",
    "user.membership.created.v1",
    "user.saga.step_requested.v1",
    "user.saga.changed.v1",
    "user.invitation.created.v1",
    "user.invitation.accepted.v1",
    "user.membership.created.v1",
  ]);
});
