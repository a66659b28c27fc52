/**
 * The frame of a process entry: start, then stop on SIGINT, SIGTERM or SIGHUP, exit 0 after a clean stop. A stop that
 * exceeds its grace exits 1. A failed start prints one readable message and exits 1. What nobody caught stops the
 * process in order, too, and exits 1: whoever supervises it has to know that it did not end by itself.
 */
import { findAppError } from "../errors/app-error.ts";
import type { Logger } from "../logger/logger.ts";
import type { Lifecycle } from "./lifecycle.ts";

const SAME_SIGNAL_MS = 500;

export interface RunProcessOptions {
  readonly lifecycle: Lifecycle;
  readonly logger: Logger;
  readonly graceMs: number;
  readonly onStarted?: () => void;
}

export async function runProcess({ lifecycle, logger, graceMs, onStarted }: RunProcessOptions): Promise<void> {
  let stopRequested = false;
  let stopRequestedAt = 0;
  let exitCode = 0;
  const end = (): void => {
    stopRequested = true;
    stopRequestedAt = performance.now();
    setTimeout(() => {
      logger.error({ graceMs }, "stopping took too long");
      process.exit(1);
    }, graceMs).unref();
    lifecycle.stop().then(() => process.exit(exitCode));
  };
  const stop = (signal: string): void => {
    if (stopRequested) {
      // A second Ctrl-C means: now. One within a blink is the first again: npm passes on what the terminal sent us
      // already.
      if (performance.now() - stopRequestedAt > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    logger.info({ signal }, "stopping");
    end();
  };
  /** Its state can no longer be trusted: the parts get their stop, and the exit says that something was wrong. */
  const fault = (error: unknown, message: string): void => {
    logger.fatal({ err: error }, message);
    exitCode = 1;
    if (!stopRequested) end();
  };
  process.on("SIGINT", () => stop("SIGINT"));
  process.on("SIGTERM", () => stop("SIGTERM"));
  // The terminal was closed.
  process.on("SIGHUP", () => stop("SIGHUP"));
  process.on("unhandledRejection", (reason) => fault(reason, "unhandled rejection"));
  process.on("uncaughtException", (error) => fault(error, "uncaught exception"));
  try {
    await lifecycle.start();
  } catch (error) {
    if (!stopRequested) failStart(error, logger);
    return;
  }
  if (!stopRequested) onStarted?.();
}

/** Ends the process with a message that a person can act on. */
export function failStart(error: unknown, logger?: Logger): never {
  const appError = findAppError(error);
  if (appError === undefined) logger?.fatal({ err: error }, "start failed");
  process.stderr.write(
    `\n${appError?.message ?? `Start failed: ${error instanceof Error ? error.message : String(error)}`}\n\n`,
  );
  process.exit(1);
}
