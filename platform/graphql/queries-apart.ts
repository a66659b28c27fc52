/**
 * Queries of a subgraph apart from its commands: a replica that they read from, and processes that answer them alone.
 * The settings exist for subgraphs that declare `queriesApart`.
 */
import { z } from "zod";
import { type Environment, parseConfig } from "../config/parse-config.ts";
import { postgresUrl } from "../config/setting-kinds.ts";
import { AppError } from "../errors/app-error.ts";
import type { SettingShape } from "./subgraph-settings.ts";

/** What a process is for: everything, or queries alone, beside processes for everything. */
const PURPOSES = ["everything", "queries"] as const;
export type ProcessPurpose = (typeof PURPOSES)[number];

export interface QueriesApart {
  /** Address of the replica; absent: queries read where commands write. */
  readonly replica?: string | undefined;
  readonly serves: ProcessPurpose;
}

interface Apart {
  readonly name: string;
  readonly queriesApart: boolean;
}

const namesOf = (subgraph: string) => {
  const prefix = subgraph.toUpperCase();
  return { replica: `${prefix}_REPLICA_DATABASE_URL`, serves: `${prefix}_SERVES` } as const;
};

/** None for a subgraph that answers queries and commands alike. */
export function queriesApartSettings({ name, queriesApart }: Apart): SettingShape {
  if (!queriesApart) return {};
  const names = namesOf(name);
  return {
    [names.replica]: postgresUrl
      .optional()
      .describe(`Replica of the ${name} database, for queries, role tributary_${name}_app; needs REDIS_URL`),
    [names.serves]: z
      .enum(PURPOSES)
      .default("everything")
      .describe(`What this process of the ${name} subgraph is for; one for \`queries\` alone needs REDIS_URL`),
  };
}

const valuesSchema = z.object({ replica: z.string().optional(), serves: z.enum(PURPOSES).default("everything") });

/** @throws AppError `CONFIG_INVALID`, also without the Redis by which processes hear who has written */
export function readQueriesApart(
  subgraph: Apart,
  redisUrl: string | undefined,
  environment: Environment,
): QueriesApart {
  const names = namesOf(subgraph.name);
  const given = parseConfig(z.object(queriesApartSettings(subgraph)), environment);
  const values = valuesSchema.parse({ replica: given[names.replica], serves: given[names.serves] });
  if (redisUrl === undefined && values.replica !== undefined) throw needsRedis(names.replica);
  if (redisUrl === undefined && values.serves === "queries") throw needsRedis(names.serves);
  return values;
}

function needsRedis(setting: string): AppError {
  return new AppError("CONFIG_INVALID", `${setting} needs REDIS_URL: processes tell each other there who has written.`);
}
