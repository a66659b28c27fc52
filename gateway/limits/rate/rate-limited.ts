/**
 * The one refusal of whoever asks too often, whatever was counted: code, status and the time to wait are the same
 * everywhere.
 */
import { AppError, findAppError } from "../../../platform/errors/app-error.ts";

export type Limited = "caller" | "field" | "budget";

/** @param resetMs until it may succeed again, in milliseconds */
export function rateLimited(
  limited: Limited,
  message: string,
  resetMs: number,
  facts: Readonly<Record<string, unknown>> = {},
): AppError {
  const retryAfterSeconds = Math.max(1, Math.ceil(resetMs / 1_000));
  return new AppError("RATE_LIMITED", `${message} Try again in ${retryAfterSeconds} s.`, {
    retryable: true,
    details: { limited, retryAfterSeconds, ...facts },
  });
}

/** When whoever was refused may try again, in seconds; `undefined` when it was for something else. */
export function retryAfterSeconds(error: unknown): number | undefined {
  const seconds = findAppError(error)?.details["retryAfterSeconds"];
  return typeof seconds === "number" ? seconds : undefined;
}
