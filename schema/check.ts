/**
 * `npm run schema:check`: composes and generates in memory, and fails with a line per reason. Reasons are committed
 * files that are out of date, and an event contract that would break its readers. Others are live SDL that promises
 * what no event holds, and a cached value that changes with the clock. The last two are machinery in the public schema,
 * and anything without a description.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkClockDriven } from "./clock-driven.ts";
import { CompositionFailed } from "./compose.ts";
import { checkDescriptions } from "./descriptions.ts";
import { checkEventCompatibility, checkEventNames, readEventContracts, readEventLock } from "./event-contracts.ts";
import { checkEventEmitters } from "./event-emitters.ts";
import { generate, lockFile, type SchemaFolders, schemaFolders } from "./generate.ts";
import { checkLiveContracts } from "./live-contracts.ts";
import { checkMoneyMutations } from "./money-mutations.ts";
import { OperationsInvalid } from "./operations.ts";
import { checkPersonalFields } from "./personal-fields.ts";
import { checkPublicSchema } from "./public-schema.ts";
import { readSubgraphSources } from "./sources.ts";

const checkDrift = (folders: SchemaFolders, expected: ReadonlyMap<string, string>): string[] => {
  const directory = join(folders.schema, "generated");
  const drifted = [...expected]
    .filter(([name, content]) => {
      const file = join(directory, name);
      return !existsSync(file) || readFileSync(file, "utf8") !== content;
    })
    .map(([name]) => `schema/generated/${name} is out of date: run \`npm run schema\` and commit it`);
  const stale = (existsSync(directory) ? readdirSync(directory) : [])
    .filter((name) => !expected.has(name))
    .map((name) => `schema/generated/${name} belongs to no source: delete it`);
  return [...drifted, ...stale];
};

/** Everything that is wrong with a schema folder, one line each; empty when it may be merged. */
export const checkSchema = async (folders: SchemaFolders): Promise<string[]> => {
  const sources = readSubgraphSources(folders.schema);
  const contracts = readEventContracts(folders.schema);
  const breaking = checkEventCompatibility(readEventLock(lockFile(folders)), contracts);
  const problems = [
    ...breaking,
    ...checkEventNames(contracts),
    ...checkPersonalFields(contracts),
    ...checkEventEmitters(folders.root, contracts),
    ...checkMoneyMutations(sources),
    ...checkLiveContracts(sources, contracts),
    ...checkClockDriven(folders.root, sources),
  ];
  try {
    const expected = await generate(folders);
    const api = expected.get("api.graphql") ?? "";
    const drift = checkDrift(folders, expected);
    return [
      ...problems,
      ...checkPublicSchema(api),
      ...checkDescriptions(api, sources),
      // `npm run schema` refuses to lock a breaking contract: advice to run it would mislead.
      ...drift.filter((line) => breaking.length === 0 || !line.includes("events.lock.json")),
    ];
  } catch (error) {
    if (error instanceof CompositionFailed || error instanceof OperationsInvalid) return [...problems, error.message];
    throw error;
  }
};

if (import.meta.main) {
  const problems = await checkSchema(schemaFolders(process.cwd()));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
