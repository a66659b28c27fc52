import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";
import { renderEnvExample, SETTING_GROUPS } from "../../../../platform/config/env-example.ts";
import { parseConfig } from "../../../../platform/config/parse-config.ts";
import { allSettings } from "../../../../platform/config/settings.ts";

test("the committed .env.example is what the settings say (npm run env:example writes it) [S119]", async () => {
  expect(await readFile(".env.example", "utf8")).toBe(renderEnvExample());
});

test("every setting is in it, once", () => {
  const names = SETTING_GROUPS.flatMap(({ settings }) => Object.keys(settings));
  expect(names.toSorted()).toEqual(Object.keys(allSettings).toSorted());
});

test("its commented defaults are the defaults: written out, they parse to the same settings", () => {
  const open = Object.keys(parseEnv(renderEnvExample()));
  const optional = z.object(Object.fromEntries(Object.entries(allSettings).filter(([name]) => !open.includes(name))));
  const written = parseEnv(renderEnvExample().replaceAll(/^# ([A-Z_]+=)/gm, "$1"));
  expect(parseConfig(optional, written)).toEqual(parseConfig(optional, {}));
});

test("a required setting stands open, an optional one is commented out, a list is written as one", () => {
  const settings = {
    NEEDED: z.string().describe("Must be there"),
    OPTIONAL: z.string().optional().describe("May be there"),
    NAMES: z.array(z.string()).default(["a", "b"]).describe("Some names"),
    SENDER: z.string().default("Us <us@x.test>").describe("Has a space"),
  };
  expect(renderEnvExample([{ heading: "Example", settings }])).toContain(`# --- Example

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
