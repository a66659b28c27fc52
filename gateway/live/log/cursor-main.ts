/**
 * `npm run live:cursor -- CURSOR [--key KEY]`: prints as JSON what a cursor says. Exits 0 when this installation signed
 * it, 1 when not, 2 when that could not be checked. The secret comes from `CURSOR_SECRET`, else from the data folder of
 * `npm start`.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Environment, parseConfig } from "../../../platform/config/parse-config.ts";
import { embeddedSettings, gatewaySettings } from "../../../platform/config/settings.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import { reportCursor } from "./cursor-report.ts";

const USAGE = "Say which cursor: npm run live:cursor -- CURSOR [--key ORGANIZATION_OR_USER_ID]";
const settings = z.object({
  CURSOR_SECRET: gatewaySettings.CURSOR_SECRET.optional(),
  DATA_DIR: embeddedSettings.DATA_DIR,
});
const secrets = z.object({ cursorSecret: z.string() });

async function findSecret(environment: Environment): Promise<string> {
  const { CURSOR_SECRET, DATA_DIR } = parseConfig(settings, environment);
  if (CURSOR_SECRET !== undefined) return CURSOR_SECRET;
  const file = join(DATA_DIR, "secrets.json");
  try {
    return secrets.parse(JSON.parse(await readFile(file, "utf8"))).cursorSecret;
  } catch (cause) {
    const advice = "set CURSOR_SECRET, or DATA_DIR to the data folder of npm start";
    throw new AppError("CONFIG_INVALID", `${file} cannot be read: ${advice}.`, { cause });
  }
}

/** By hand: a cursor may begin with a dash, which every parser of options takes for one. */
function readArguments(given: readonly string[]): { readonly cursor: string; readonly key?: string } {
  const [cursor, option, key, ...rest] =
    given[0] === "--key" ? [given[2], given[0], given[1], ...given.slice(3)] : given;
  const complete = option === undefined || (option === "--key" && key !== undefined);
  if (cursor === undefined || !complete || rest.length > 0) throw new AppError("BAD_USER_INPUT", USAGE);
  return { cursor, ...(key === undefined ? {} : { key }) };
}

try {
  const { cursor, key } = readArguments(process.argv.slice(2));
  const report = reportCursor(await findSecret(process.env), cursor, key);
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = report.valid ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
