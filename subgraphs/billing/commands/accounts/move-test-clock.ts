/** Moves the time of an account on by one step; at its target, the clock stands and that is told. */
import { runCommand } from "../../../../platform/database/command.ts";
import { causedByService } from "../../../../platform/events/service-causation.ts";
import type { BillingAccount } from "../../domain/account.ts";
import { testClockSet } from "../../domain-events.ts";
import type { BillingServices } from "../../services.ts";
import { setTestClock } from "../../store/accounts.ts";

export interface ClockStep {
  /** What the clock shows; it is moved from nowhere else. */
  readonly from: Date;
  /** The same as `from` when it is where it was to be moved to. */
  readonly to: Date;
}

export async function moveTestClock(
  services: BillingServices,
  { id, organizationId }: Pick<BillingAccount, "id" | "organizationId">,
  { from, to }: ClockStep,
): Promise<void> {
  const causation = causedByService("billing-test-clock");
  await runCommand(services, { tenants: [organizationId], causation }, async ({ tx, emit }) => {
    const hasArrived = from.getTime() === to.getTime();
    const change = { testTime: to, ...(hasArrived ? { testTarget: null } : {}) };
    const account = await setTestClock(tx, id, { from, ...change });
    if (account !== undefined && hasArrived) emit(testClockSet(account));
  });
}
