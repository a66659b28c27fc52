/**
 * Which database an operator's command works on: the one that the environment names, else that of the embedded platform
 * whose data folder is here. The platform itself goes on running: its relay publishes what the command wrote.
 */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { databaseUrls, type LoginKind } from "../../prisma/databases.ts";
import { readSecret } from "../../prisma/embedded-cluster.ts";
import { type Environment, parseConfig } from "../config/parse-config.ts";
import { embeddedSettings } from "../config/settings.ts";
import { requireDatabase } from "../database/require-database.ts";
import { AppError } from "../errors/app-error.ts";
import { readLogin, settingNames } from "../graphql/subgraph-settings.ts";

const schema = z.object({ DATA_DIR: embeddedSettings.DATA_DIR });
const secretsSchema = z.object({ databasePassword: z.string() });

/**
 * @param subgraph whose database
 * @param login `app` is the role that requests have too: row-level security stands behind operators as well
 * @returns its address
 * @throws AppError `CONFIG_INVALID` when no database is named, or the named one does not answer within about five
 * seconds
 */
export async function findOperatorDatabase(
  subgraph: string,
  login: LoginKind,
  environment: Environment,
): Promise<string> {
  const variable = settingNames(subgraph)[login];
  const dataDir = resolve(parseConfig(schema, environment).DATA_DIR);
  const named = environment[variable] ? readLogin(subgraph, login, environment) : undefined;
  const url = named ?? (await embeddedDatabase(subgraph, login, dataDir));
  if (url === undefined) {
    const advice = `set DATA_DIR to the data folder of npm start, or ${variable} to the ${subgraph} database`;
    throw new AppError("CONFIG_INVALID", `There is no platform in ${dataDir}: ${advice}.`);
  }
  const setting = named === undefined ? "DATA_DIR" : variable;
  await requireDatabase({ setting, url, table: "outbox" });
  return url;
}

async function embeddedDatabase(subgraph: string, login: LoginKind, dataDir: string): Promise<string | undefined> {
  const server = await readSecret(join(dataDir, "postgres"));
  const secrets = await readFile(join(dataDir, "secrets.json"), "utf8").catch(() => undefined);
  if (server?.port === undefined || secrets === undefined) return undefined;
  try {
    const { databasePassword } = secretsSchema.parse(JSON.parse(secrets));
    return databaseUrls(`postgresql://127.0.0.1:${server.port}`, subgraph, databasePassword)[login];
  } catch (cause) {
    throw new AppError("CONFIG_INVALID", `${join(dataDir, "secrets.json")} is damaged: restore it.`, { cause });
  }
}
