/** A token of ours that is no longer good: it has expired, or its session has ended. */
import { AppError } from "../../platform/errors/app-error.ts";

export class StaleToken extends AppError {
  constructor(message: string, cause?: unknown) {
    super("UNAUTHENTICATED", message, { cause });
  }
}
