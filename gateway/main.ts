/**
 * Process entry of the gateway. Without arguments: the platform's gateway, configured by the environment. With
 * `--supergraph FILE [--port N]`: alone on that supergraph, with nothing else running.
 */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { z } from "zod";
import { type Environment, parseConfig } from "../platform/config/parse-config.ts";
import { AppError } from "../platform/errors/app-error.ts";
import { createLifecycle } from "../platform/lifecycle/lifecycle.ts";
import { failStart, runProcess } from "../platform/lifecycle/run-process.ts";
import { createLogger } from "../platform/logger/logger.ts";
import { checkPlatformSettings, everyGatewaySettings } from "./configuration/platform-settings.ts";

async function main(environment: Environment): Promise<void> {
  const { supergraph, port } = readArguments();
  const given = { ...environment, ...(port === undefined ? {} : { GATEWAY_PORT: port }) };
  // Read when chosen: alone, the gateway has subgraphs of others.
  const subgraphs = supergraph === undefined ? await (await import("../subgraphs/list.ts")).listSubgraphs() : [];
  if (supergraph === undefined) checkPlatformSettings(subgraphs, given);
  const settings = parseConfig(z.object(everyGatewaySettings), {
    ...given,
    // Alone, there are no live streams whose cursors would have to be signed.
    ...(supergraph === undefined
      ? {}
      : { SUPERGRAPH_FILE: supergraph, CURSOR_SECRET: randomBytes(32).toString("hex") }),
  });
  const logger = createLogger({ name: "gateway", level: settings.LOG_LEVEL });
  const lifecycle = createLifecycle(logger);
  const options = {
    settings,
    production: settings.NODE_ENV === "production",
    release: settings.PROCESS_RELEASE,
    host: settings.HOST,
    lifecycle,
    logger,
  };
  // Loaded when chosen: the standalone gateway needs no client of any service.
  if (supergraph === undefined) {
    const { addPlatformGateway } = await import("./platform-gateway.ts");
    await addPlatformGateway(options, subgraphs, environment);
  } else {
    const { createStandaloneGateway } = await import("./standalone.ts");
    await createStandaloneGateway(options);
  }
  await runProcess({ lifecycle, logger, graceMs: settings.SHUTDOWN_GRACE_MS });
}

function readArguments(): { supergraph?: string | undefined; port?: string | undefined } {
  try {
    return parseArgs({ options: { supergraph: { type: "string" }, port: { type: "string" } } }).values;
  } catch (cause) {
    throw new AppError("CONFIG_INVALID", "Usage: npm run start:gateway -- [--supergraph FILE] [--port N]", { cause });
  }
}

main(process.env).catch((error: unknown) => failStart(error));
