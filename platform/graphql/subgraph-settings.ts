/**
 * Settings that every subgraph has, named by the subgraph: its port, the addresses of its database, and the addresses
 * by which a gateway calls it. They follow from the name, so a new subgraph has them without a line anywhere.
 */
import { z } from "zod";
import { type Environment, parseConfig } from "../config/parse-config.ts";
import { addresses } from "../config/service-settings.ts";
import { port, postgresUrl } from "../config/setting-kinds.ts";

/** Settings by variable, each with its meaning. */
export type SettingShape = Readonly<Record<string, z.ZodType>>;

/** Connections to a subgraph's database. */
export interface SubgraphDatabase {
  /** For the role that serves requests and consumers. */
  readonly app: string;
  /** For the role that empties the outbox. */
  readonly relay: string;
  /** A replica, for the role that serves requests; absent: queries read where commands write. */
  readonly replica?: string | undefined;
}

/** The logins that every subgraph has. */
type Login = Exclude<keyof SubgraphDatabase, "replica">;

/** Who a subgraph is, as far as its settings depend on it. */
export interface NamedSubgraph {
  readonly name: string;
  /** Default port of its process. */
  readonly port: number;
}

/** The variables of a subgraph, e.g. `NOTES_PORT` of `notes`. */
export function settingNames(name: string) {
  const prefix = name.toUpperCase();
  return {
    port: `${prefix}_PORT`,
    app: `${prefix}_DATABASE_URL`,
    relay: `${prefix}_RELAY_DATABASE_URL`,
    owner: `${prefix}_DATABASE_OWNER_URL`,
    address: `${prefix}_SUBGRAPH_URL`,
  } as const;
}

const LOGINS = {
  app: (name: string) => `Database of the ${name} subgraph, role tributary_${name}_app`,
  relay: (name: string) => `The same database, role tributary_${name}_relay`,
};

const loginSettings = (name: string, login: Login): SettingShape => ({
  [settingNames(name)[login]]: postgresUrl.describe(LOGINS[login](name)),
});

/** The two logins of its database. */
export function databaseSettings(name: string): SettingShape {
  return { ...loginSettings(name, "app"), ...loginSettings(name, "relay") };
}

/** Of its process. */
export function portSettings({ name, port: first }: NamedSubgraph): SettingShape {
  return { [settingNames(name).port]: port.default(first).describe(`Port of the ${name} subgraph`) };
}

/** Of `npm run db:migrate`. */
export function ownerSettings(name: string): SettingShape {
  const role = `role tributary_${name}_owner`;
  return { [settingNames(name).owner]: postgresUrl.describe(`Database of the ${name} subgraph, ${role}`) };
}

/** Of a gateway that calls it over HTTP. */
export function addressSettings({ name, port: first }: NamedSubgraph): SettingShape {
  return {
    [settingNames(name).address]: addresses(`http://127.0.0.1:${first}`).describe(
      `Addresses of the ${name} subgraph, comma-separated; with REDIS_URL, until processes of it say where they are`,
    ),
  };
}

/** @throws AppError `CONFIG_INVALID` */
export function readDatabase(name: string, environment: Environment): SubgraphDatabase {
  const names = settingNames(name);
  const given = parseConfig(z.object(databaseSettings(name)), environment);
  return z.object({ app: z.string(), relay: z.string() }).parse({ app: given[names.app], relay: given[names.relay] });
}

/**
 * For command lines, which empty no outbox.
 * @throws AppError `CONFIG_INVALID`
 */
export const readAppDatabase = (name: string, environment: Environment): string => readLogin(name, "app", environment);

/**
 * The address for one of its logins, when the others need not be named.
 * @throws AppError `CONFIG_INVALID`
 */
export function readLogin(name: string, login: Login, environment: Environment): string {
  const given = parseConfig(z.object(loginSettings(name, login)), environment);
  return z.string().parse(given[settingNames(name)[login]]);
}

/** @throws AppError `CONFIG_INVALID` */
export function readPort(subgraph: NamedSubgraph, environment: Environment): number {
  const given = parseConfig(z.object(portSettings(subgraph)), environment);
  return z.number().parse(given[settingNames(subgraph.name).port]);
}

/** @throws AppError `CONFIG_INVALID` */
export function readAddresses(subgraph: NamedSubgraph, environment: Environment): readonly string[] {
  const given = parseConfig(z.object(addressSettings(subgraph)), environment);
  return z.array(z.string()).parse(given[settingNames(subgraph.name).address]);
}
