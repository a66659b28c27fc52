/** `npm run db:check`: generated clients are current and every schema.prisma matches its migrations. */
import { driftedSchemas, staleClients } from "./drift.ts";

const problems = [...(await staleClients()), ...(await driftedSchemas())];
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
