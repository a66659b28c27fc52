/**
 * `npm run db:generate [-- <subgraph>…]`: writes prisma/<subgraph>/generated from its schema.prisma and the shared one.
 */
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateClient } from "./generate-client.ts";
import { PRISMA_FOLDER, subgraphDatabases } from "./subgraph-databases.ts";

const wanted = process.argv.slice(2);
const scratch = await mkdtemp(join(tmpdir(), "tributary-generate-"));
try {
  for (const name of subgraphDatabases()) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const generated = await generateClient({ subgraph: name }, join(scratch, name));
    // Written over the old files, so that a process which imports them meanwhile never finds the folder empty.
    const target = join(PRISMA_FOLDER, name, "generated");
    await cp(generated, target, { recursive: true });
    const fresh = new Set(await readdir(generated, { recursive: true }));
    const leftovers = (await readdir(target, { recursive: true })).filter((file) => !fresh.has(file));
    for (const file of leftovers) await rm(join(target, file), { recursive: true, force: true });
    process.stdout.write(`prisma/${name}/generated written\n`);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
