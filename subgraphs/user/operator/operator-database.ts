/**
 * Which database an operator's command changes: the one that the environment names, else that of the embedded platform
 * whose data folder is here. The platform itself goes on running: its relay publishes what the command wrote.
 */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { type Environment, parseConfig } from "../../../platform/config/parse-config.ts";
import { embeddedSettings } from "../../../platform/config/settings.ts";
import { requireDatabase } from "../../../platform/database/require-database.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import { readAppDatabase, settingNames } from "../../../platform/graphql/subgraph-settings.ts";
import { databaseUrls } from "../../../prisma/databases.ts";
import { readSecret } from "../../../prisma/embedded-cluster.ts";
import { NAME } from "../subgraph-name.ts";

const VARIABLE = settingNames(NAME).app;
const schema = z.object({ DATA_DIR: embeddedSettings.DATA_DIR });
const secretsSchema = z.object({ databasePassword: z.string() });

/**
 * @returns the address of the user database, for the role that requests have too: row-level security stands behind
 * operators as well
 * @throws AppError `CONFIG_INVALID` when no database is named, or the named one does not answer within about five
 * seconds
 */
export async function findUserDatabase(environment: Environment): Promise<string> {
  const dataDir = resolve(parseConfig(schema, environment).DATA_DIR);
  const named = environment[VARIABLE] ? readAppDatabase(NAME, environment) : undefined;
  const url = named ?? (await embeddedDatabase(dataDir));
  if (url === undefined) {
    const advice = `set DATA_DIR to the data folder of npm start, or ${VARIABLE} to the user database`;
    throw new AppError("CONFIG_INVALID", `There is no platform in ${dataDir}: ${advice}.`);
  }
  const setting = named === undefined ? "DATA_DIR" : VARIABLE;
  await requireDatabase({ setting, url, table: "outbox" });
  return url;
}

async function embeddedDatabase(dataDir: string): Promise<string | undefined> {
  const server = await readSecret(join(dataDir, "postgres"));
  const secrets = await readFile(join(dataDir, "secrets.json"), "utf8").catch(() => undefined);
  if (server?.port === undefined || secrets === undefined) return undefined;
  try {
    const { databasePassword } = secretsSchema.parse(JSON.parse(secrets));
    return databaseUrls(`postgresql://127.0.0.1:${server.port}`, NAME, databasePassword).app;
  } catch (cause) {
    throw new AppError("CONFIG_INVALID", `${join(dataDir, "secrets.json")} is damaged: restore it.`, { cause });
  }
}
