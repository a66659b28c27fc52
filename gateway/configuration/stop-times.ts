/**
 * Whether a stop has the time that it takes: what is refused here would otherwise show as lost requests at the first
 * deploy.
 */
import { AppError } from "../../platform/errors/app-error.ts";
import { STOP_GRACE_MS } from "../live/drain.ts";

export interface StopTimes {
  readonly DRAIN_MS: number;
  readonly DRAIN_NOTICE_MS: number;
  readonly SHUTDOWN_GRACE_MS: number;
}

/** @throws AppError `CONFIG_INVALID` when the process would be ended before its connections are drained */
export function checkStopTimes({ DRAIN_MS, DRAIN_NOTICE_MS, SHUTDOWN_GRACE_MS }: StopTimes): void {
  const needed = DRAIN_MS + STOP_GRACE_MS;
  if (needed >= SHUTDOWN_GRACE_MS) {
    throw new AppError(
      "CONFIG_INVALID",
      `Bad configuration: DRAIN_MS (${DRAIN_MS}) and ${STOP_GRACE_MS} ms for sockets that do not let themselves be closed do not fit ` +
        `into SHUTDOWN_GRACE_MS (${SHUTDOWN_GRACE_MS}). Set SHUTDOWN_GRACE_MS above ${needed}, or DRAIN_MS below ` +
        `${Math.max(0, SHUTDOWN_GRACE_MS - STOP_GRACE_MS)}.`,
    );
  }
  // The notice runs beside the drain.
  if (DRAIN_NOTICE_MS >= SHUTDOWN_GRACE_MS) {
    throw new AppError(
      "CONFIG_INVALID",
      `Bad configuration: DRAIN_NOTICE_MS (${DRAIN_NOTICE_MS}) must be below SHUTDOWN_GRACE_MS (${SHUTDOWN_GRACE_MS}).`,
    );
  }
}
