// What the gateway knows about a request of nobody in particular.
import type { GatewayContext } from "../../gateway/ports.ts";
import { createLogger } from "../../platform/logger/logger.ts";
import { newTrace } from "../../platform/tracing/trace-context.ts";

const logger = createLogger({ name: "test", level: "silent" });

export function anonymousContext(more: Partial<GatewayContext> = {}): GatewayContext {
  return { identity: { kind: "ANONYMOUS" }, client: {}, trace: newTrace(), logger, forwardedHeaders: {}, ...more };
}
