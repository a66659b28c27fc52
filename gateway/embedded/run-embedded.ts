/** The embedded platform on a terminal: starts it, says where to go, and stops on Ctrl-C. */
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Environment } from "../../platform/config/parse-config.ts";
import { AppError } from "../../platform/errors/app-error.ts";
import { createLifecycle } from "../../platform/lifecycle/lifecycle.ts";
import { runProcess } from "../../platform/lifecycle/run-process.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { listSubgraphs } from "../../subgraphs/list.ts";
import { createEmbedded, type EmbeddedPlatform } from "../embedded.ts";
import { readSettings } from "./embedded-settings.ts";

/** @param environment what a person has set. @throws AppError `CONFIG_INVALID` with advice */
export async function runEmbedded(environment: Environment): Promise<void> {
  const subgraphs = await listSubgraphs();
  const settings = readSettings(subgraphs, environment);
  const dataDir = resolve(settings.DATA_DIR);
  await mkdir(dataDir, { recursive: true }).catch((cause: unknown) => {
    const message = `The data folder ${dataDir} cannot be made: set DATA_DIR to a folder that this user may write.`;
    throw new AppError("CONFIG_INVALID", message, { cause });
  });
  // People read the terminal, programs the file.
  const logFile = join(dataDir, "tributary.log");
  const destination = createWriteStream(logFile, { flags: "a", mode: 0o600 });
  const logger = createLogger({ name: "tributary", level: settings.LOG_LEVEL, destination });
  const lifecycle = createLifecycle(logger);
  process.stdout.write("Starting Tributary …\n");
  const platform = await createEmbedded({ subgraphs, settings, environment, lifecycle, logger });
  await runProcess({
    lifecycle,
    logger,
    graceMs: settings.SHUTDOWN_GRACE_MS,
    onStarted: () => {
      welcome(platform, logFile).catch((error: unknown) => {
        logger.error({ err: error }, "the demo data could not be made");
        process.stderr.write(`The demo data could not be made: see ${logFile}. Everything else works.\n`);
      });
    },
  });
}

async function welcome(platform: EmbeddedPlatform, logFile: string): Promise<void> {
  const { url } = platform;
  const show = (name: string, value: string): void => void process.stdout.write(`  ${name.padEnd(14)}${value}\n`);
  process.stdout.write("\nTributary is running.\n\n");
  if (platform.webClient) show("Web client", url);
  show("GraphQL API", `${url}/graphql (Apollo Sandbox in a browser)`);
  show("GraphiQL", `${url}/graphiql (works offline)`);
  show("Mailbox", `${url}/mailbox (every mail that was sent)`);
  show("Log", logFile);
  const demo = await platform.demo();
  if (demo !== undefined) show("Demo account", demo);
  process.stdout.write("\nPress Ctrl-C to stop.\n");
}
