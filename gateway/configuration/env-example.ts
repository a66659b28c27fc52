/**
 * `.env.example` as text, from the settings themselves, so that a name, a meaning or a default is written down once.
 */
import type { z } from "zod";
import { accessTokenSettings } from "../../platform/auth/access-token-settings.ts";
import { cacheSettings } from "../../platform/config/cache-settings.ts";
import { registrationSettings } from "../../platform/config/service-settings.ts";
import {
  commonSettings,
  embeddedSettings,
  eventLogSettings,
  gatewaySettings,
  identitySettings,
  migrationSettings,
  redisSettings,
} from "../../platform/config/settings.ts";
import { queriesApartSettings } from "../../platform/graphql/queries-apart.ts";
import type { ListedSubgraph } from "../../platform/graphql/subgraph-definition.ts";
import {
  databaseSettings,
  ownerSettings,
  portSettings,
  type SettingShape,
} from "../../platform/graphql/subgraph-settings.ts";
import { mailboxSettings } from "../../platform/mail/mailbox-settings.ts";
import { allAddressSettings } from "./platform-settings.ts";

/** Settings that belong together, under a heading that says which processes read them. */
export interface SettingGroup {
  readonly heading: string;
  readonly settings: SettingShape;
}

/** Every setting of an installation with these subgraphs, each once, where it is met first. */
export function settingGroups(subgraphs: readonly ListedSubgraph[]): readonly SettingGroup[] {
  const owners = subgraphs.flatMap(({ name }) => Object.entries(ownerSettings(name)));
  const groups: readonly SettingGroup[] = [
    { heading: "Every process", settings: commonSettings },
    { heading: "npm start: the whole platform in one process, which needs nothing else", settings: embeddedSettings },
    { heading: "Gateway and subgraphs: identity between them", settings: identitySettings },
    { heading: "Gateway and the subgraph that issues sessions: access tokens", settings: accessTokenSettings },
    { heading: "Gateway and subgraphs: events", settings: eventLogSettings },
    { heading: "Gateway and subgraphs: Redis", settings: redisSettings },
    { heading: "Gateway and subgraphs: caches", settings: cacheSettings },
    { heading: "Gateway and subgraphs: who can be asked", settings: registrationSettings },
    { heading: "npm run start:gateway", settings: { ...gatewaySettings, ...allAddressSettings(subgraphs) } },
    ...subgraphs.map((subgraph) => ({
      heading: `npm run start:subgraph -- ${subgraph.name}`,
      settings: {
        ...portSettings(subgraph),
        ...databaseSettings(subgraph.name),
        ...queriesApartSettings(subgraph),
        ...subgraph.settings,
      },
    })),
    { heading: "npm run db:migrate", settings: { ...migrationSettings, ...Object.fromEntries(owners) } },
    { heading: "npm run start:mailbox", settings: mailboxSettings },
  ];
  const seen = new Set<string>();
  return groups.map(({ heading, settings }) => {
    const fresh = Object.entries(settings).filter(([name]) => !seen.has(name));
    for (const [name] of fresh) seen.add(name);
    return { heading, settings: Object.fromEntries(fresh) };
  });
}

const INTRODUCTION = `# Settings of Tributary, written by "npm run env:example" from the settings of the platform and of each subgraph.
# A line that is commented out shows the default. A line without a value must be filled in for the processes of its
# group. Settings are environment variables. From a file: node --env-file=.env gateway/main.ts
`;

/** Ends with a line feed. Required settings stand open, the others are commented out with their default. */
export function renderEnvExample(groups: readonly SettingGroup[]): string {
  const sections = groups.map(({ heading, settings }) => {
    const lines = Object.entries(settings).map(([name, setting]) => renderSetting(name, setting));
    return `# --- ${heading}\n\n${lines.join("\n")}`;
  });
  return `${INTRODUCTION}\n${sections.join("\n")}`;
}

function renderSetting(name: string, setting: z.ZodType): string {
  const optional = setting.safeParse(undefined);
  const line = optional.success ? `# ${name}=${defaultText(optional.data)}` : `${name}=`;
  return `${asComment(setting.description ?? "")}\n${line}\n`;
}

const COLUMNS = 120;

/** The text as comment lines of at most 120 columns. */
function asComment(text: string): string {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(" ")) {
    if (line !== "#" && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}

/** As a person would write it into the environment. */
function defaultText(value: unknown): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.join(",");
  const pairs = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (pairs.length > 0 && pairs.every(([, of]) => typeof of === "number"))
    return pairs.map(([name, of]) => `${name}=${of}`).join(",");
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[\s#"'<>]/.test(text) ? JSON.stringify(text) : text;
}
