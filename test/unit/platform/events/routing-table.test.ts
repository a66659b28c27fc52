import { describe, expect, test } from "vitest";
import type { SqlTransaction } from "../../../../platform/database/sql-transaction.ts";
import { createEventContracts } from "../../../../platform/events/contracts.ts";
import { problemsOfTable, type RoutingTable } from "../../../../platform/events/routing-table.ts";

type Table = RoutingTable<unknown, SqlTransaction>;

const contracts = createEventContracts(new Map([["shop.item.sold.v1", { type: "object" }]]));
const done = () => Promise.resolve();
const cache = { evict: done, clear: done };

const problems = (table: Table, topics = ["shop.events"]) => problemsOfTable(table, { types: contracts.types, topics });

describe("a routing table [S46]", () => {
  test("is followed when every route has a contract, a topic and a consumer of its kind", () => {
    const table: Table = {
      consumers: { rows: { kind: "database", does: "" }, memory: { kind: "cache", does: "" } },
      routes: { "shop.item.sold.v1": { rows: done }, "shop.*": { memory: cache } },
    };
    expect(problems(table)).toEqual([]);
  });

  const consumers: Table["consumers"] = { rows: { kind: "database", does: "" } };
  test.each<[string, Table, string]>([
    [
      "a type without a contract",
      { consumers, routes: { "shop.item.lost.v1": { rows: done } } },
      "shop.item.lost.v1 has no contract in schema/events",
    ],
    [
      "a consumer that it does not describe",
      { consumers, routes: { "shop.item.sold.v1": { rows: done, others: done } } },
      "shop.item.sold.v1 is routed to others, which is no consumer of the table",
    ],
    [
      "a consumer without a route",
      { consumers: { ...consumers, idle: { kind: "external", does: "" } }, routes: { "shop.*": { rows: done } } },
      "nothing is routed to idle",
    ],
    [
      "a handler of another kind",
      { consumers, routes: { "shop.item.sold.v1": { rows: cache } } },
      "rows is of the kind database, and its handler of shop.item.sold.v1 is not",
    ],
  ])("is refused with %s", (_what, table, problem) => {
    expect(problems(table)).toEqual([problem]);
  });

  test("is refused with events of a subgraph that is not consumed", () => {
    const table: Table = { consumers, routes: { "shop.item.sold.v1": { rows: done } } };
    expect(problems(table, ["other.events"])).toEqual([
      "shop.item.sold.v1 comes from a subgraph that is not named in `consumes`",
    ]);
  });
});
