// Some months of fifty subscriptions on clocks of their own: what was collected, credited and given up equals an
// independent calculation. `npm run load -- year` does the same for a year of a thousand.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Subgraph } from "../../../../platform/graphql/subgraph.ts";
import { expectedBooks } from "../../../support/billing-year/expected-books.ts";
import { type AccountApi, liveThrough, readBooks } from "../../../support/billing-year/live-through.ts";
import { DAY_MS, makeLives } from "../../../support/billing-year/lives.ts";
import { type BillingFixture, type Json, startBilling } from "./billing-fixture.ts";

let billing: BillingFixture;
let subgraph: Subgraph;

beforeAll(async () => {
  billing = await startBilling();
  subgraph = await billing.instance();
});
afterAll(() => billing?.stop());

const COUNT = 50;
const DAYS = 75;
const AT_ONCE = 10;
const FROM = new Date(Date.UTC(new Date().getUTCFullYear() + 1, 0, 15));
const UNTIL = new Date(FROM.getTime() + DAYS * DAY_MS);

/** The subgraph has no `node` of its own: that is the gateway's to find. */
const asEntity = (query: string): string =>
  query.replace("node(id: $id)", 'nodes: _entities(representations: [{ __typename: "BillingAccount", id: $id }])');

async function newAccount(): Promise<AccountApi> {
  const customer = await billing.customer();
  return {
    accountId: customer.accountId,
    async run(query, variables) {
      const { data, errors } = await billing.ask(subgraph, customer, asEntity(query), variables);
      if (errors.length > 0) throw new Error(JSON.stringify(errors));
      return data.nodes === undefined ? data : { node: (data as Json).nodes[0] };
    },
  };
}

test("every account's books are what its life costs by the price list [S91] [S110]", { timeout: 300_000 }, async () => {
  const lives = makeLives(COUNT, { from: FROM, days: DAYS, seed: 8 });
  const waiting = lives.entries();
  const check = async (): Promise<void> => {
    for (const [at, life] of waiting) {
      const api = await newAccount();
      await liveThrough(api, life, UNTIL);
      expect(await readBooks(api), `life ${at}: ${JSON.stringify(life)}`).toEqual(expectedBooks(life, UNTIL));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, check));
  const all = lives.map((life) => expectedBooks(life, UNTIL));
  // Each kind of fate is among them.
  expect(new Set(all.map(({ status }) => status)).size).toBeGreaterThan(1);
  expect(all.some(({ credited }) => credited > 0n)).toBe(true);
  expect(all.some(({ lost }) => lost > 0n)).toBe(true);
});
