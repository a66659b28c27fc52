// Plans from the cache, else from the database and into the cache: what a read costs in statements.
import { afterAll, beforeAll, expect, test } from "vitest";
import { watchStatements } from "../watched-statements.ts";
import { type BillingFixture, startBilling } from "./billing-fixture.ts";

let billing: BillingFixture;

beforeAll(async () => {
  billing = await startBilling();
});
afterAll(() => billing?.stop());

const QUERY = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on Plan { code } }
}`;

test("plans that are not kept are read by one statement for all, kept ones by none [S25]", async () => {
  const subgraph = await billing.instance({ parts: false });
  const customer = await billing.customer();
  const codes = ["starter", "team", "business"];
  const ids = await Promise.all(codes.map((code) => billing.planId(code)));
  const representations = ids.map((id) => ({ __typename: "Plan", id }));
  using statements = watchStatements(/"plan"/);
  const read = async () => {
    statements.clear();
    const { data, errors } = await billing.ask(subgraph, customer, QUERY, { representations });
    expect(errors).toEqual([]);
    expect(data._entities).toEqual(codes.map((code) => ({ code })));
    return statements.begun.length;
  };
  expect(await read()).toBe(1);
  expect(await read()).toBe(0);
});
