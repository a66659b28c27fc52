/** `npm run db:generate [-- <subgraph>…]`: writes prisma/<subgraph>/generated from its schema.prisma. */
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLIENTS, generateClient, PRISMA_FOLDER } from "./generate-client.ts";

const wanted = process.argv.slice(2);
const scratch = await mkdtemp(join(tmpdir(), "tributary-generate-"));
try {
  for (const name of CLIENTS) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    await cp(join(PRISMA_FOLDER, name, "schema.prisma"), join(scratch, name, "schema.prisma"));
    await generateClient(join(scratch, name, "schema.prisma"));
    // Written over the old files, so that a process which imports them meanwhile never finds the folder empty.
    const target = join(PRISMA_FOLDER, name, "generated");
    await cp(join(scratch, name, "generated"), target, { recursive: true });
    const fresh = new Set(await readdir(join(scratch, name, "generated"), { recursive: true }));
    const leftovers = (await readdir(target, { recursive: true })).filter((file) => !fresh.has(file));
    for (const file of leftovers) await rm(join(target, file), { recursive: true, force: true });
    process.stdout.write(`prisma/${name}/generated written\n`);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
