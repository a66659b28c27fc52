import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";
import { renderEnvExample, settingGroups } from "../../../../gateway/configuration/env-example.ts";
import { parseConfig } from "../../../../platform/config/parse-config.ts";
import { listSubgraphs } from "../../../../subgraphs/list.ts";

const groups = settingGroups(await listSubgraphs());
const settings = Object.fromEntries(groups.flatMap((group) => Object.entries(group.settings)));

test("the committed .env.example is what the settings say (npm run env:example writes it) [S119]", async () => {
  expect(await readFile(".env.example", "utf8")).toBe(renderEnvExample(groups));
});

test("every setting is in it, once", () => {
  const names = groups.flatMap((group) => Object.keys(group.settings));
  expect(names.toSorted()).toEqual(Object.keys(settings).toSorted());
  const written = [...renderEnvExample(groups).matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
  expect(written).toEqual(names);
});

test("every setting says what it is for [S119]", () => {
  const silent = Object.entries(settings).filter(([, setting]) => (setting.description ?? "") === "");
  expect(silent).toEqual([]);
});

test("each subgraph of the list has its port, its databases and its address in it", async () => {
  const text = renderEnvExample(groups);
  for (const { name, port } of await listSubgraphs()) {
    const prefix = name.toUpperCase();
    expect(text).toContain(`# ${prefix}_PORT=${port}\n`);
    expect(text).toContain(`# ${prefix}_SUBGRAPH_URL=http://127.0.0.1:${port}\n`);
    for (const kind of ["DATABASE_URL", "RELAY_DATABASE_URL", "DATABASE_OWNER_URL"]) {
      expect(text).toMatch(new RegExp(`^${prefix}_${kind}=$`, "m"));
    }
  }
});

test("its commented defaults are the defaults: written out, they parse to the same settings", () => {
  const open = Object.keys(parseEnv(renderEnvExample(groups)));
  const optional = z.object(Object.fromEntries(Object.entries(settings).filter(([name]) => !open.includes(name))));
  const written = parseEnv(renderEnvExample(groups).replaceAll(/^# ([A-Z_]+=)/gm, "$1"));
  expect(parseConfig(optional, written)).toEqual(parseConfig(optional, {}));
});

test("a required setting stands open, an optional one is commented out, a list is written as one", () => {
  const example = {
    NEEDED: z.string().describe("Must be there"),
    OPTIONAL: z.string().optional().describe("May be there"),
    NAMES: z.array(z.string()).default(["a", "b"]).describe("Some names"),
    SENDER: z.string().default("Us <us@x.test>").describe("Has a space"),
  };
  expect(renderEnvExample([{ heading: "Example", settings: example }])).toContain(`# --- Example

# Must be there
NEEDED=

# May be there
# OPTIONAL=

# Some names
# NAMES=a,b

# Has a space
# SENDER="Us <us@x.test>"
`);
});
