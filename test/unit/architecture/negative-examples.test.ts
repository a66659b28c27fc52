import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openWorkTree } from "./work-tree.ts";

const generate = join(import.meta.dirname, "../../../schema/generate.ts");

const regenerate = (directory: string) => spawnSync("node", [generate], { cwd: directory, encoding: "utf8" });

test("a sibling import fails the check [S8]", async () => {
  using broken = openWorkTree("sibling-import/broken");
  const verdict = await broken.judge("style and import arrows");
  expect(verdict.output).toContain("Subgraphs never import each other");
  expect(verdict.output).toContain("subgraphs/billing/commands/pay-invoice.ts");
  expect(verdict.passed).toBe(false);
});

test("an import within a subgraph passes the check", async () => {
  using sound = openWorkTree("sibling-import/sound");
  expect(await sound.judge("style and import arrows")).toMatchObject({ passed: true });
});

test("Prisma in a command fails the check: rows and transactions of Prisma stay in the store [S8]", async () => {
  using broken = openWorkTree("prisma-outside-store/broken");
  const verdict = await broken.judge("style and import arrows");
  expect(verdict.output).toContain("Only a store knows Prisma");
  expect(verdict.output).toContain("subgraphs/billing/commands/pay-invoice.ts");
  expect(verdict.output).not.toContain("subgraphs/billing/store/invoices.ts");
  expect(verdict.passed).toBe(false);
});

test("a command that works with what its store gives passes the check", async () => {
  using sound = openWorkTree("prisma-outside-store/sound");
  expect(await sound.judge("style and import arrows")).toMatchObject({ passed: true });
});

test("a cast of what came from outside fails the check [S8]", async () => {
  using broken = openWorkTree("unchecked-cast/broken");
  const verdict = await broken.judge("style and import arrows");
  expect(verdict.output).toContain("Parse instead of casting");
  expect(verdict.passed).toBe(false);
});

test("a schema in place of the cast passes the check, and so does `as const`", async () => {
  using sound = openWorkTree("unchecked-cast/sound");
  expect(await sound.judge("style and import arrows")).toMatchObject({ passed: true });
});

test("a comment beyond 120 columns fails the check, in every language that the project writes", async () => {
  using broken = openWorkTree("long-comment/broken");
  const { output, passed } = await broken.judge("comment width");
  expect(output.trim().split("\n")).toEqual([
    "platform/clock.ts:1: a comment reaches column 124: wrap it at 120",
    "platform/clock.ts:5: a comment reaches column 130: wrap it at 120",
    "platform/clock.ts:9: a comment reaches column 121: wrap it at 120",
    "platform/clock.ts:13: a comment reaches column 121: wrap it at 120",
    "prisma/shop/queries.sql:1: a comment reaches column 124: wrap it at 120",
    "schema/shop.graphql:1: a comment reaches column 134: wrap it at 120",
  ]);
  expect(passed).toBe(false);
});

test("wrapped comments pass the check, and so do long strings, addresses, directives and released migrations", async () => {
  using sound = openWorkTree("long-comment/sound");
  expect(await sound.judge("comment width")).toMatchObject({ output: "", passed: true });
});

test("an import cycle fails the check, also one of types only", async () => {
  using broken = openWorkTree("import-cycle/broken");
  const verdict = await broken.judge("style and import arrows");
  expect(verdict.output).toContain("lint/suspicious/noImportCycles");
  expect(verdict.passed).toBe(false);
});

test("imports without a cycle pass the check", async () => {
  using sound = openWorkTree("import-cycle/sound");
  expect(await sound.judge("style and import arrows")).toMatchObject({ passed: true });
});

test("a drifted supergraph fails the check until it is generated again", async () => {
  using tree = openWorkTree("drifted-supergraph");
  const drifted = await tree.judge("schema and event contracts");
  expect(drifted.output).toContain("schema/generated/supergraph.graphql is out of date: run `npm run schema`");
  expect(drifted.passed).toBe(false);

  expect(regenerate(tree.directory)).toMatchObject({ status: 0 });
  expect(await tree.judge("schema and event contracts")).toMatchObject({ output: "", passed: true });
});

test("a breaking event contract fails the check and cannot be locked", async () => {
  using broken = openWorkTree("breaking-event-contract/broken");
  const refused = regenerate(broken.directory);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("publish shop.item.sold.v2 instead");

  const verdict = await broken.judge("schema and event contracts");
  expect(verdict.output).toContain(
    "Event contract shop.item.sold.v1: data.buyerId: the property was removed or renamed; publish shop.item.sold.v2 instead",
  );
  expect(verdict.output).toContain("data.customerId: the property became required");
  expect(verdict.passed).toBe(false);
});

test("an event contract that only grows is locked and passes the check", async () => {
  using sound = openWorkTree("breaking-event-contract/sound");
  expect(regenerate(sound.directory)).toMatchObject({ status: 0 });
  expect(await sound.judge("schema and event contracts")).toMatchObject({ output: "", passed: true });
});

test("a type, field, argument, input or enum value without a description fails the check, with the file", async () => {
  using broken = openWorkTree("missing-description/broken");
  expect(regenerate(broken.directory)).toMatchObject({ status: 0 });
  const verdict = await broken.judge("schema and event contracts");
  const lines = verdict.output.trim().split("\n");
  expect(lines.map((line) => line.replace(/: say what.*/, ""))).toEqual(
    ["Item", "Item.weight", "ItemFilter.maxWeight", "ItemOrder.PRICE", "Query.items(order:)"].map(
      (part) => `${part} has no description (schema/shop.graphql)`,
    ),
  );
  expect(verdict.passed).toBe(false);
});

test("a schema that describes all that clients see passes the check", async () => {
  using sound = openWorkTree("missing-description/sound");
  expect(regenerate(sound.directory)).toMatchObject({ status: 0 });
  expect(await sound.judge("schema and event contracts")).toMatchObject({ output: "", passed: true });
});

test("machinery that clients would see fails the check", async () => {
  using broken = openWorkTree("public-machinery/broken");
  expect(regenerate(broken.directory)).toMatchObject({ status: 0 });
  const verdict = await broken.judge("schema and event contracts");
  expect(verdict.output).toContain("StockScope is shown to clients, but no operation leads to it");
  expect(verdict.output).toContain("Query._stock is machinery, and clients would see it");
  expect(verdict.passed).toBe(false);
});

test("a value that changes with the clock and inherits a cache hint fails the check, however it reads the clock", async () => {
  using broken = openWorkTree("clock-driven/broken");
  expect(regenerate(broken.directory)).toMatchObject({ status: 0 });
  const verdict = await broken.judge("schema and event contracts");
  expect(verdict.output.trim().split("\n")).toEqual([
    expect.stringMatching(/^Offer\.daysLeft changes with the clock.*schema\/shop\.graphql, @cacheControl\(maxAge: 0\)/),
    expect.stringMatching(/^Offer\.over changes with the clock/),
    expect.stringMatching(/^subgraphs\/shop\/loaders\.ts reads the clock/),
  ]);
  expect(verdict.passed).toBe(false);
});

test("values that change with the clock pass the check when each says how old it may be", async () => {
  using sound = openWorkTree("clock-driven/sound");
  expect(regenerate(sound.directory)).toMatchObject({ status: 0 });
  expect(await sound.judge("schema and event contracts")).toMatchObject({ output: "", passed: true });
});
