// What each subgraph's `consumers.ts` says can be followed, and no two subgraphs share a consumer's name.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loadEventContracts } from "../../../platform/events/contracts.ts";
import { problemsOfTable } from "../../../platform/events/routing-table.ts";
import * as billing from "../../../subgraphs/billing/consumers.ts";
import { listSubgraphs } from "../../../subgraphs/list.ts";
import * as user from "../../../subgraphs/user/consumers.ts";

const TABLES = { billing, user } as const;

test("each routing table names contracts, consumed topics and its own consumers only [S46]", async () => {
  const { types } = await loadEventContracts(fileURLToPath(new URL("../../../schema/events", import.meta.url)));
  const subgraphs = await listSubgraphs();
  for (const [name, table] of Object.entries(TABLES)) {
    const topics = subgraphs.find((subgraph) => subgraph.name === name)?.consumedTopics ?? [];
    expect([name, problemsOfTable<never, never>(table, { types, topics })]).toEqual([name, []]);
  }
});

test("a consumer's name begins with its subgraph's, and those of installations are kept", () => {
  const names = Object.entries(TABLES).flatMap(([name, { consumers }]) => {
    for (const consumer of Object.keys(consumers)) expect(consumer.split(".")[0]).toBe(name);
    return Object.keys(consumers);
  });
  // Another name would make every event new to it.
  expect(names).toEqual(expect.arrayContaining(["billing.accounts", "user.mail", "user.mailroom"]));
});

test("one event goes to a database, to a cache and, by the event that follows it, to another service [S46]", () => {
  const kindsFor = (...routes: (keyof typeof user.routes)[]) =>
    routes.flatMap((route) => Object.keys(user.routes[route])).map((name) => [name, kindOf(name)]);
  expect(kindsFor("user.registered.v1", "user.*", "user.email.requested.v1")).toEqual([
    ["user.mail", "database"],
    ["user.registrations", "database"],
    ["user.rows", "cache"],
    ["user.mailroom", "external"],
  ]);
});

function kindOf(name: string): string | undefined {
  return Object.entries(user.consumers).find(([consumer]) => consumer === name)?.[1].kind;
}
