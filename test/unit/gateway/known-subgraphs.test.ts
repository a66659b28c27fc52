import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { refuseForgottenSubgraphs, refuseUnknownSubgraphs } from "../../../gateway/composition/known-subgraphs.ts";
import { buildGeneration } from "../../../gateway/composition/schema-generation.ts";
import { openSupergraphFile } from "../../../gateway/composition/supergraph-file.ts";
import { composeSupergraph } from "../../../schema/compose.ts";
import { withSharedDefinitions } from "../../../schema/shared-definitions.ts";
import { waitFor } from "../../support/wait.ts";

const supergraphOf = (...names: readonly string[]): string =>
  composeSupergraph(
    names.map((name) => ({
      name,
      live: name.endsWith("_live"),
      sdl: withSharedDefinitions(`type Query { ${name}: ID }`, name),
    })),
  ).supergraphSdl;

test("a supergraph with a subgraph that nobody serves is refused by that name", () => {
  const generation = buildGeneration(supergraphOf("notes", "tags"));
  const refusal = () => refuseUnknownSubgraphs(generation, new Set(["notes"]));
  expect(refusal).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  expect(refusal).toThrow(/subgraphs that are not there: tags\. Run npm run schema/);
  expect(() => refuseUnknownSubgraphs(generation, new Set(["notes", "tags", "more"]))).not.toThrow();
});

test("a supergraph that lacks a subgraph is refused by that name", () => {
  const generation = buildGeneration(supergraphOf("notes"));
  expect(() => refuseForgottenSubgraphs(generation, ["notes", "tags"])).toThrow(/subgraphs that are there: tags/);
  expect(() => refuseForgottenSubgraphs(generation, ["notes"])).not.toThrow();
});

test("the live half of a subgraph is no subgraph of its own", () => {
  const generation = buildGeneration(supergraphOf("notes", "notes_live"));
  expect(() => refuseUnknownSubgraphs(generation, new Set(["notes"]))).not.toThrow();
  expect(() => refuseForgottenSubgraphs(generation, ["notes"])).not.toThrow();
});

test("a running gateway keeps its supergraph when a new one names a subgraph that is not there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tributary-supergraph-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "supergraph.graphql");
  await writeFile(file, supergraphOf("notes"));
  const refused: string[] = [];
  const logger = pino({}, { write: (line: string) => void refused.push(line) });
  const check = (next: ReturnType<typeof buildGeneration>) => refuseUnknownSubgraphs(next, new Set(["notes"]));
  const source = await openSupergraphFile(file, logger, { check });
  onTestFinished(() => source.stop());
  const { id } = source.current();
  await writeFile(file, supergraphOf("notes", "tags"));
  await waitFor(() => refused.some((line) => line.includes("that are not there: tags")), { what: "the refusal" });
  expect(source.current().id).toBe(id);
});
