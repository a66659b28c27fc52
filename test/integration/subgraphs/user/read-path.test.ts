// From the cache, else from the database and into the cache: what a read costs in statements.
import { afterAll, beforeAll, expect, test } from "vitest";
import { createUserSubgraph, type UserSubgraph } from "../../../../subgraphs/user/index.ts";
import { watchStatements } from "../watched-statements.ts";
import { startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;

/** A process that has read nothing yet: commands leave rows in the cache of their own. */
let reader: UserSubgraph;

beforeAll(async () => {
  fixture = await startUser();
  reader = createUserSubgraph(fixture.runtime);
  for (const part of reader.parts) await part.start?.();
});
afterAll(async () => {
  for (const part of [...(reader?.parts ?? [])].reverse()) await part.stop?.();
  await fixture?.stop();
});

const QUERY = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Organization { id name } } }";

test("rows that are not kept are read by one statement for all, kept ones by none [S25]", async () => {
  const ada = await fixture.person();
  const ids = [await fixture.organization(ada), await fixture.organization(ada), await fixture.organization(ada)];
  const identity = await fixture.identityOf(ada);
  using statements = watchStatements(/"organization"/);
  const read = async () => {
    statements.clear();
    const header = await fixture.signer.sign("user", identity, {});
    const { body } = await reader.endpoint.handle(
      { "x-tributary-identity": header },
      { query: QUERY, variables: { ids } },
    );
    expect(body.errors).toBeUndefined();
    expect(body.data).toEqual({ nodes: ids.map((id) => ({ id, name: "Test Works" })) });
    return statements.begun.length;
  };
  expect(await read()).toBe(1);
  expect(await read()).toBe(0);
});
