/** Limits to how long somebody waits, and what is not begun once nobody does. */
import { AppError } from "./errors/app-error.ts";

/** @param deadline by `performance.now()`; absent: there is none */
export function isOver(deadline: number | undefined): boolean {
  return deadline !== undefined && performance.now() >= deadline;
}

/** @throws AppError `DEADLINE_EXCEEDED` when nobody waits any more */
export function assertInTime(deadline: number | undefined): void {
  if (isOver(deadline)) throw deadlineExceeded();
}

export function deadlineExceeded(cause?: unknown): AppError {
  return new AppError("DEADLINE_EXCEEDED", "Nobody waits for the answer any more.", { cause, retryable: true });
}

/**
 * The outcome of `work`, or a rejection with `failure` (made then, or an error of that message) once `ms` milliseconds
 * have passed. The work itself goes on: whoever can stop it has to do so.
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, failure: string | (() => Error)): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(typeof failure === "string" ? new Error(failure) : failure()), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
