/** Apollo's libraries tell at `info` what is our `debug`. */
import type { Logger } from "../../platform/logger/logger.ts";

export interface ApolloLogger {
  debug(message?: unknown): void;
  info(message?: unknown): void;
  warn(message?: unknown): void;
  error(message?: unknown): void;
}

export function quietLogger(logger: Logger): ApolloLogger {
  return {
    debug: (message) => logger.debug(String(message)),
    info: (message) => logger.debug(String(message)),
    warn: (message) => logger.warn(String(message)),
    error: (message) => logger.error(String(message)),
  };
}
