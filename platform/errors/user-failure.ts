/**
 * An expected failure of a mutation, shown to the user through `userErrors`. Thrown inside a command so that its
 * transaction rolls back; turned into a payload by `mutationPayload`.
 */
import { USER_ERROR_STATUS, type UserErrorCode } from "../../schema/user-error-codes.ts";

export interface UserError {
  readonly code: UserErrorCode;
  readonly message: string;
  readonly field: string[] | null;
  readonly status: number;
}

export class UserFailure extends Error {
  readonly userErrors: readonly UserError[];

  constructor(userErrors: readonly UserError[]) {
    super(userErrors.map(({ code, message }) => `${code}: ${message}`).join("; "));
    this.name = "UserFailure";
    this.userErrors = userErrors;
  }
}

/** @param field input field as the API names it, without the leading `input` */
export function userError(code: UserErrorCode, message: string, ...field: string[]): UserError {
  return { code, message, field: field.length === 0 ? null : ["input", ...field], status: USER_ERROR_STATUS[code] };
}

/** A failure with a single error: `throw refuse("TAKEN", "This slug is in use.", "slug")`. */
export function refuse(code: UserErrorCode, message: string, ...field: string[]): UserFailure {
  return new UserFailure([userError(code, message, ...field)]);
}
