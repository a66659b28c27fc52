/** The refusals that several commands of billing share. */
import { refuse } from "../../platform/errors/user-failure.ts";
import type { BillingAccount } from "./domain/account.ts";

/** @throws UserFailure `STATE_INVALID` for an account that is not open yet, or not any more */
export function requireOpen({ status }: Pick<BillingAccount, "status">, field: string): void {
  if (status === "PENDING") {
    throw refuse("STATE_INVALID", "This organisation is being set up: wait until its plan is paid.", field);
  }
  if (status === "CLOSED") throw refuse("STATE_INVALID", "This billing account is closed.", field);
}
