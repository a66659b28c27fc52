// From the cache, else from the database and into the cache: what a read costs in statements.
import { afterAll, beforeAll, expect, test } from "vitest";
import { createUserSubgraph, type UserSubgraph } from "../../../../subgraphs/user/index.ts";
import { waitFor } from "../../../support/wait.ts";
import { watchStatements } from "../watched-statements.ts";
import { startUser, type UserFixture } from "./user-fixture.ts";

let fixture: UserFixture;

beforeAll(async () => {
  fixture = await startUser();
});
afterAll(() => fixture?.stop());

/**
 * A process that has read nothing yet: commands leave rows in the cache of their own. It hears of later events only. An
 * event that arrives while a row is loaded keeps this row out of the cache.
 */
async function startReader(): Promise<UserSubgraph & AsyncDisposable> {
  const reader = createUserSubgraph(fixture.runtime);
  for (const part of reader.parts) await part.start?.();
  const stop = async () => {
    for (const part of [...reader.parts].reverse()) await part.stop?.();
  };
  return { ...reader, [Symbol.asyncDispose]: stop };
}

async function allEventsPublished(): Promise<boolean> {
  const { rows } = await fixture.admin.query("SELECT FROM outbox WHERE sent_at IS NULL LIMIT 1");
  return rows.length === 0;
}

const QUERY = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Organization { id name } } }";

test("rows that are not kept are read by one statement for all, kept ones by none [S25]", async () => {
  const ada = await fixture.person();
  const ids = [await fixture.organization(ada), await fixture.organization(ada), await fixture.organization(ada)];
  const identity = await fixture.identityOf(ada);
  await waitFor(allEventsPublished, { what: "the relay" });
  await using reader = await startReader();
  using statements = watchStatements(/"organization"\."name"/);
  const read = async () => {
    statements.clear();
    const header = await fixture.signer.sign("user", identity, {});
    const { body } = await reader.endpoint.handle(
      { "x-tributary-identity": header },
      { query: QUERY, variables: { ids } },
    );
    expect(body.errors).toBeUndefined();
    expect(body.data).toEqual({ nodes: ids.map((id) => ({ id, name: "Test Works" })) });
    return [...statements.begun];
  };
  expect(await read()).toEqual([expect.stringContaining("SELECT")]);
  expect(await read()).toEqual([]);
});
