/** `npm run db:seed`: writes what subgraphs need before they serve. Repeating it adds only what is missing. */
import { systemClock } from "../platform/clock.ts";
import { readAppDatabase } from "../platform/graphql/subgraph-settings.ts";
import { createIdSource } from "../platform/ids.ts";
import { failStart } from "../platform/lifecycle/run-process.ts";
import { listSubgraphs } from "./list.ts";

try {
  const ids = createIdSource(systemClock);
  for (const { name, seed } of await listSubgraphs()) {
    if (seed === undefined) continue;
    const databaseUrls = { app: readAppDatabase(name, process.env) };
    process.stdout.write(`${await seed(process.env, { databaseUrls, clock: systemClock, ids })}\n`);
  }
} catch (error) {
  failStart(error);
}
