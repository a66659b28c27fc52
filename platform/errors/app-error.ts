/**
 * The one error class. A code is public API; the message tells the caller what to do; everything else stays in the log.
 * Translation to GraphQL, HTTP and socket answers happens once per edge, in this folder.
 */

/** Public codes and the HTTP status each stands for. Other codes are allowed when a status is given. */
export const ERROR_STATUS = {
  INCOMPLETE: 206,
  BAD_USER_INPUT: 400,
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  TAKEN: 409,
  VERSION_CONFLICT: 409,
  IDEMPOTENCY_IN_PROGRESS: 409,
  IDEMPOTENCY_MISMATCH: 422,
  STATE_INVALID: 422,
  SCHEMA_CHANGED: 409,
  RATE_LIMITED: 429,
  TOO_MANY_SUBSCRIPTIONS: 429,
  INTERNAL_SERVER_ERROR: 500,
  SERVICE_UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
  STALE_READ: 503,
  EVENT_LOG_UNAVAILABLE: 503,
  EVENT_REFUSED: 500,
  OFFSET_OUT_OF_RANGE: 410,
  RESYNC_REQUIRED: 410,
  CLOSED_BY_VIEWER: 410,
  CONFIG_INVALID: 500,
  SUPERGRAPH_UNSUPPORTED: 500,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** Overrides the status of the code. */
  readonly status?: number;
  /** May the caller try the same again later? Default: only for 503. */
  readonly retryable?: boolean;
  /** Public details, shown to the caller. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.status = options.status ?? ERROR_STATUS[code];
    this.retryable = options.retryable ?? this.status === 503;
    this.details = options.details ?? {};
  }

  /** Expected failures are the caller's (logged at info); the rest are ours (logged at error, message masked). */
  get expected(): boolean {
    return this.status < 500;
  }
}

/** The AppError among an error and its causes, if any. */
export function findAppError(error: unknown): AppError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof AppError) return current;
  }
  return undefined;
}
