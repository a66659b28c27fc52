/**
 * Asks a database before anything is served: clients connect lazily, so a process with a wrong address would start and
 * fail every request. A server that cuts the connection, or is about to start, is asked again. The message says which
 * database, what is wrong and which setting to correct; it holds no password.
 */
import { ListenedClient } from "../../prisma/connection.ts";
import { AppError } from "../errors/app-error.ts";
import { systemSleep } from "../events/backoff.ts";
import { isInterruption } from "../events/store-outage.ts";

export interface RequiredDatabase {
  /** Variable that holds the address. */
  readonly setting: string;
  readonly url: string;
  /** A table that the migrations make and that the role may read. */
  readonly table: string;
}

const ANSWER_DEADLINE_MS = 5_000;
const PAUSE_MS = 100;

/** @throws AppError `CONFIG_INVALID` within about ten seconds */
export async function requireDatabase({ setting, url, table }: RequiredDatabase): Promise<void> {
  const until = performance.now() + ANSWER_DEADLINE_MS;
  for (;;) {
    const problem = await problemOf(url, table);
    if (problem === undefined) return;
    if (!isInterruption(problem) || performance.now() > until) {
      throw new AppError("CONFIG_INVALID", advice(setting, new URL(url), problem), { cause: problem });
    }
    await systemSleep(PAUSE_MS);
  }
}

/** @returns why the table cannot be read; undefined when it can */
async function problemOf(url: string, table: string): Promise<Error | undefined> {
  // A connection that breaks is reported by whoever waits for it.
  const client = new ListenedClient({
    connectionString: url,
    connectionTimeoutMillis: ANSWER_DEADLINE_MS,
    query_timeout: ANSWER_DEADLINE_MS,
  });
  try {
    await client.connect();
    await client.query(`SELECT FROM ${client.escapeIdentifier(table)} LIMIT 0`);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    await client.end().catch(() => undefined);
  }
}

function advice(setting: string, url: URL, problem: Error): string {
  const server = `${url.hostname}:${url.port || "5432"}`;
  const database = decodeURIComponent(url.pathname.slice(1));
  const role = decodeURIComponent(url.username);
  switch ("code" in problem ? problem.code : undefined) {
    case "28P01":
    case "28000":
      return `The database at ${server} refuses the login of ${role}: correct ${setting}, or run npm run db:migrate, which sets its password.`;
    case "3D000":
    case "42P01":
    case "42501":
      return `The database "${database}" at ${server} is not prepared for ${role}: run npm run db:migrate, or correct ${setting}.`;
    default:
      return `The database "${database}" at ${server} does not answer: start it, or correct ${setting}.`;
  }
}
