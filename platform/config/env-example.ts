/** `.env.example` as text, from the settings themselves, so that a name, a meaning or a default is written down once. */
import type { z } from "zod";
import { cacheSettings } from "./cache-settings.ts";
import { registrationSettings } from "./service-settings.ts";
import {
  auditSettings,
  billingSettings,
  commonSettings,
  embeddedSettings,
  eventLogSettings,
  gatewaySettings,
  identitySettings,
  mailboxSettings,
  migrationSettings,
  redisSettings,
  tokenSettings,
  userSettings,
} from "./settings.ts";

/** Settings that belong together, under a heading that says which processes read them. */
export interface SettingGroup {
  readonly heading: string;
  readonly settings: Readonly<Record<string, z.ZodType>>;
}

export const SETTING_GROUPS: readonly SettingGroup[] = [
  { heading: "Every process", settings: commonSettings },
  { heading: "npm start: the whole platform in one process, which needs nothing else", settings: embeddedSettings },
  { heading: "Gateway and subgraphs: identity between them", settings: identitySettings },
  { heading: "Gateway and user subgraph: access tokens", settings: tokenSettings },
  { heading: "Gateway and subgraphs: events", settings: eventLogSettings },
  { heading: "Gateway and subgraphs: Redis", settings: redisSettings },
  { heading: "Gateway and subgraphs: caches", settings: cacheSettings },
  { heading: "Gateway and subgraphs: who can be asked", settings: registrationSettings },
  { heading: "npm run start:gateway", settings: gatewaySettings },
  { heading: "npm run start:user", settings: userSettings },
  { heading: "npm run start:billing", settings: billingSettings },
  { heading: "npm run start:audit", settings: auditSettings },
  { heading: "npm run db:migrate", settings: migrationSettings },
  { heading: "npm run start:mailbox", settings: mailboxSettings },
];

const INTRODUCTION = `# Settings of Tributary, written by "npm run env:example" from platform/config/settings.ts.
# A line that is commented out shows the default; a line without a value must be filled in for the processes of its group.
# Settings are environment variables. From a file: node --env-file=.env gateway/main.ts
`;

/** Ends with a line feed. Required settings stand open, the others are commented out with their default. */
export function renderEnvExample(groups: readonly SettingGroup[] = SETTING_GROUPS): string {
  const sections = groups.map(({ heading, settings }) => {
    const lines = Object.entries(settings).map(([name, setting]) => renderSetting(name, setting));
    return `# --- ${heading}\n\n${lines.join("\n")}`;
  });
  return `${INTRODUCTION}\n${sections.join("\n")}`;
}

function renderSetting(name: string, setting: z.ZodType): string {
  const optional = setting.safeParse(undefined);
  const line = optional.success ? `# ${name}=${defaultText(optional.data)}` : `${name}=`;
  return `# ${setting.description ?? ""}\n${line}\n`;
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
