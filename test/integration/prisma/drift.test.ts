import { appendFile, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { driftedSchemas, staleClients } from "../../../prisma/drift.ts";
import { PRISMA_FOLDER, subgraphDatabases } from "../../../prisma/subgraph-databases.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tributary-drift-"));
  for (const name of [...subgraphDatabases(), "shared"])
    await cp(join(PRISMA_FOLDER, name), join(folder, name), { recursive: true });
  await appendFile(join(folder, "user", "schema.prisma"), "\nmodel Forgotten {\n  id String @id\n}\n");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("a schema that was changed without generating its client is named", async () => {
  const problems = await staleClients(folder);
  expect(problems.filter((line) => line.includes("prisma/user/"))).toEqual([
    expect.stringContaining("run npm run db:generate"),
  ]);
});

test("a schema that was changed without a migration is named with the SQL that is missing", async () => {
  const problems = await driftedSchemas(folder);
  expect(problems.filter((line) => line.includes("prisma/user/"))).toEqual([
    expect.stringContaining('CREATE TABLE "Forgotten"'),
  ]);
});
