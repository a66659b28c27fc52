/** The time of an account: that of the machine, or its own where it is on a test clock. */
import type { Clock } from "../../../platform/clock.ts";
import type { BillingAccount } from "../domain/account.ts";

/** @returns the services with a clock that shows the account's time */
export function inTimeOf<Services extends { readonly clock: Clock }>(
  services: Services,
  { testTime }: Pick<BillingAccount, "testTime">,
): Services {
  return testTime === null ? services : { ...services, clock: { now: () => testTime } };
}
