/**
 * Structured logs on standard output: one JSON line per record, secrets redacted by path, trace id on every line of a
 * request.
 */
import { type Logger, pino } from "pino";

export type { Logger };

/** Property names whose values never reach a log, at the first three levels of nesting. */
const SECRET_KEYS = [
  "password",
  "token",
  "accessToken",
  "refreshToken",
  "authorization",
  "cookie",
  "secret",
  "providerToken",
  "idempotencyKey",
];

export interface LoggerOptions {
  readonly name: string;
  readonly level: string;
  /** Where lines go; standard output by default. */
  readonly destination?: { write(line: string): void };
}

export function createLogger(options: LoggerOptions): Logger {
  const paths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `*.headers.${key}`]);
  const settings = {
    name: options.name,
    level: options.level,
    redact: { paths, censor: "[redacted]" },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
