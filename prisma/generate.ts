/** `npm run db:generate [-- <subgraph>…]`: writes prisma/<subgraph>/generated from its schema.prisma. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { CLIENTS, generateClient, PRISMA_FOLDER } from "./generate-client.ts";

const wanted = process.argv.slice(2);
for (const name of CLIENTS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  // Models that were removed leave no file behind.
  await rm(join(PRISMA_FOLDER, name, "generated"), { recursive: true, force: true });
  await generateClient(join(PRISMA_FOLDER, name, "schema.prisma"));
  process.stdout.write(`prisma/${name}/generated written\n`);
}
