/**
 * What a subgraph says about itself, once: `subgraphs/<name>/subgraph.ts` exports it as `subgraph`. Its name is its
 * folder's; topic, database and the names of its variables follow from the name. The definition loads nothing of the
 * subgraph before it is created. So all definitions can be read without loading any subgraph.
 */
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { type Environment, parseConfig } from "../config/parse-config.ts";
import { AppError } from "../errors/app-error.ts";
import type { IdSource } from "../ids.ts";
import type { OperatorCommand } from "../operator/operator-command.ts";
import type { Subgraph, SubgraphRuntime } from "./subgraph.ts";
import type { SettingShape, SubgraphDatabase } from "./subgraph-settings.ts";

/** What the embedded platform runs beside the subgraphs, in place of services that an installation would name. */
export interface EmbeddedEnvironment {
  /** Folder of everything that must survive a restart. */
  readonly dataDir: string;
  /** Address by which browsers reach the gateway. */
  readonly publicUrl: string;
  readonly smtpUrl: string;
}

export interface SeedDeps<Settings> {
  readonly settings: Settings;
  readonly databaseUrls: Pick<SubgraphDatabase, "app">;
  readonly clock: Clock;
  readonly ids: IdSource;
}

export interface SubgraphDefinition<Shape extends SettingShape> {
  /** Default port of its process; no two subgraphs have the same. */
  readonly port: number;
  /**
   * Names of the subgraphs whose events it consumes, its own included; `others`: every other one's, whoever is added.
   * Default: none.
   */
  readonly consumes?: readonly string[] | "others";
  /** Its own settings by variable. Port and database are not among them: they follow from the name. */
  readonly settings: Shape;
  /** Does it answer from memory of its own, which may hear of a change about a second later than the gateway does? */
  readonly answersFromMemory: boolean;
  /**
   * May its queries read from a replica, and have processes of their own? Both answer about a second late at times, so
   * it must `answersFromMemory`. Default: no.
   */
  readonly queriesApart?: boolean;
  /** Does it issue sessions? One subgraph must, and its `Subgraph` has the token service. */
  readonly issuesSessions?: boolean;
  /** Makes it; imports its implementation when called. */
  create(deps: SubgraphRuntime & { readonly settings: z.infer<z.ZodObject<Shape>> }): Promise<Subgraph>;
  /**
   * Writes what an installation needs before it serves, and what is missing only, however often it is called.
   * @returns what it did, for people: `plans: 3 added`
   */
  seed?(deps: SeedDeps<z.infer<z.ZodObject<Shape>>>): Promise<string>;
  /** Settings that the embedded platform gives it, in place of those of the environment. */
  embedded?(place: EmbeddedEnvironment, environment: Environment): Readonly<Record<string, string>>;
  /** What operators may do with it from the command line; imports the commands when called. */
  operatorCommands?(): Promise<readonly OperatorCommand[]>;
}

/** A definition whose settings are known to itself alone: it reads them from the environment. */
export interface SubgraphModule
  extends Required<
    Pick<
      SubgraphDefinition<SettingShape>,
      "port" | "consumes" | "answersFromMemory" | "queriesApart" | "issuesSessions"
    >
  > {
  readonly settings: SettingShape;
  /** @throws AppError `CONFIG_INVALID` */
  create(environment: Environment, runtime: SubgraphRuntime): Promise<Subgraph>;
  /** @throws AppError `CONFIG_INVALID` */
  readonly seed: ((environment: Environment, deps: Omit<SeedDeps<never>, "settings">) => Promise<string>) | undefined;
  embedded(place: EmbeddedEnvironment, environment: Environment): Readonly<Record<string, string>>;
  operatorCommands(): Promise<readonly OperatorCommand[]>;
}

const defined = new WeakSet<object>();

export function defineSubgraph<const Shape extends SettingShape>(
  definition: SubgraphDefinition<Shape>,
): SubgraphModule {
  const { seed, answersFromMemory, queriesApart = false } = definition;
  if (queriesApart && !answersFromMemory) {
    throw new TypeError("a subgraph with `queriesApart` must say that it `answersFromMemory`: a replica may be behind");
  }
  const schema = z.object(definition.settings);
  const result: SubgraphModule = {
    port: definition.port,
    consumes: definition.consumes ?? [],
    settings: definition.settings,
    answersFromMemory,
    queriesApart,
    issuesSessions: definition.issuesSessions ?? false,
    create: async (environment, runtime) =>
      definition.create({ ...runtime, settings: parseConfig(schema, environment) }),
    seed:
      seed === undefined
        ? undefined
        : async (environment, deps) => seed({ ...deps, settings: parseConfig(schema, environment) }),
    embedded: (place, environment) => definition.embedded?.(place, environment) ?? {},
    operatorCommands: async () => (await definition.operatorCommands?.()) ?? [],
  };
  defined.add(result);
  return result;
}

/** Was this made by `defineSubgraph`? Modules that are found by their folder's name have no type otherwise. */
export const isSubgraphModule = (value: unknown): value is SubgraphModule =>
  typeof value === "object" && value !== null && defined.has(value);

/** A subgraph of the list: its definition and what follows from its name. */
export interface ListedSubgraph extends SubgraphModule {
  readonly name: string;
  /** Its events in the log. */
  readonly topic: string;
  readonly consumedTopics: readonly string[];
}

export const topicOf = (name: string): string => `${name}.events`;

/** Whose events are in a topic. */
export const subgraphOfTopic = (topic: string): string => topic.replace(/\.events$/, "");

/** CloudEvents `source` of its events. */
export const sourceOf = (name: string): string => `/tributary/${name}`;

/** The source of the events in a subgraph's topic. */
export const sourceOfTopic = (topic: string): string => sourceOf(subgraphOfTopic(topic));

/**
 * The one subgraph that issues sessions.
 * @throws AppError `CONFIG_INVALID` when none does, or several
 */
export function sessionIssuer<Issuer extends { readonly name: string; readonly issuesSessions: boolean }>(
  subgraphs: readonly Issuer[],
): Issuer {
  const [issuer, ...others] = subgraphs.filter(({ issuesSessions }) => issuesSessions);
  if (issuer !== undefined && others.length === 0) return issuer;
  const found = [issuer, ...others].flatMap((subgraph) => subgraph?.name ?? []).join(", ") || "none does";
  throw new AppError(
    "CONFIG_INVALID",
    `One subgraph must issue sessions (\`issuesSessions\` in its subgraph.ts): ${found}.`,
  );
}
