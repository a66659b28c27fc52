// A standalone gateway on a free port over an invented graph, for tests.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { GatewaySettings, OperationExecutor } from "../../../gateway/ports.ts";
import { createStandaloneGateway } from "../../../gateway/standalone.ts";
import { parseConfig } from "../../../platform/config/parse-config.ts";
import { gatewaySettings } from "../../../platform/config/settings.ts";
import { createLifecycle, type Lifecycle } from "../../../platform/lifecycle/lifecycle.ts";
import { createLogger } from "../../../platform/logger/logger.ts";

/**
 * A test's kept-alive connections need no second to leave a gateway that is done with; tests of the stop itself set
 * what is usual.
 */
export const BRIEF_NOTICE_MS = "20";
/** The setting's default. */
export const USUAL_NOTICE_MS = 1_000;

export interface RunningGateway extends AsyncDisposable {
  readonly url: string;
  readonly lifecycle: Lifecycle;
  /** What runs operations of transports other than HTTP. */
  readonly executor: OperationExecutor;
  /** The watched file. */
  readonly supergraphFile: string;
  readonly log: string[];
  /** POSTs JSON to /graphql. */
  post(body: unknown, headers?: Record<string, string>): Promise<{ status: number; headers: Headers; body: Answer }>;
}

const answerSchema = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        path: z.array(z.union([z.string(), z.number()])).optional(),
        extensions: z.record(z.string(), z.unknown()).default({}),
      }),
    )
    .optional(),
});
export type Answer = z.infer<typeof answerSchema>;

export function parseAnswer(text: string): Answer {
  return answerSchema.parse(JSON.parse(text));
}

export async function startStandalone(
  supergraphSdl: string,
  settings: Partial<GatewaySettings> = {},
  production = false,
): Promise<RunningGateway> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-gateway-"));
  const supergraphFile = join(folder, "supergraph.graphql");
  await writeFile(supergraphFile, supergraphSdl);
  const log: string[] = [];
  const logger = createLogger({
    name: "gateway",
    level: "info",
    destination: { write: (line) => void log.push(line) },
  });
  const lifecycle = createLifecycle(logger);
  const defaults = parseConfig(z.object(gatewaySettings), {
    CURSOR_SECRET: "c".repeat(32),
    GATEWAY_PORT: "0",
    DRAIN_NOTICE_MS: BRIEF_NOTICE_MS,
  });
  const gateway = await createStandaloneGateway({
    settings: { ...defaults, SUPERGRAPH_FILE: supergraphFile, ...settings },
    production,
    release: "test",
    host: "127.0.0.1",
    lifecycle,
    logger,
  });
  await lifecycle.start();
  const url = `http://127.0.0.1:${gateway.port}`;
  return {
    url,
    lifecycle,
    executor: gateway.executor,
    supergraphFile,
    log,
    async post(body, headers = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
      return { status: response.status, headers: response.headers, body: parseAnswer(await response.text()) };
    },
    async [Symbol.asyncDispose]() {
      await lifecycle.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
