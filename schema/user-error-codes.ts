/**
 * The codes of `userErrors`, which are the values of `UserErrorCode` in `shared/types.graphql`, with the HTTP status
 * each stands for.
 */
export const USER_ERROR_STATUS = {
  BLANK: 400,
  TOO_LONG: 400,
  INVALID: 400,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  TAKEN: 409,
  VERSION_CONFLICT: 409,
  IDEMPOTENCY_IN_PROGRESS: 409,
  IDEMPOTENCY_MISMATCH: 422,
  STATE_INVALID: 422,
  LIMIT_REACHED: 422,
  PAYMENT_DECLINED: 422,
  SECOND_FACTOR_REQUIRED: 401,
  EXPIRED: 422,
} as const;

export type UserErrorCode = keyof typeof USER_ERROR_STATUS;
