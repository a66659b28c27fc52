import type { AppError } from "../errors/app-error.ts";

/** The body of an answer that there is no room now, in the shape of a GraphQL error answer. */
export function temporaryErrorBody({ message, code, status, retryable, details }: AppError) {
  return { errors: [{ message, extensions: { code, status, retryable, ...details } }] };
}
