/** `npm run db:check`: generated clients are current and every schema.prisma matches its migrations. */
import { driftedSchemas, staleClients } from "./drift.ts";

async function problems(): Promise<string[]> {
  try {
    return [...(await staleClients()), ...(await driftedSchemas())];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

const found = await problems();
for (const problem of found) process.stderr.write(`${problem}\n`);
process.exitCode = found.length === 0 ? 0 : 1;
