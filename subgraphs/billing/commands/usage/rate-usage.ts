/**
 * Counts a late record for the month that it lies in, whatever that month's limit was: it has been used, and plans
 * limit what comes. Counted once, however often it is asked for; the event names who recorded it.
 */
import { runCommand } from "../../../../platform/database/command.ts";
import { readInTenants } from "../../../../platform/database/tenant-transaction.ts";
import type { UsageRecord } from "../../domain/usage.ts";
import { usagePeriodAt } from "../../domain/usage-period.ts";
import { usageRecorded } from "../../domain-events.ts";
import { readStanding } from "../../entitlements/read-standing.ts";
import type { BillingServices } from "../../services.ts";
import {
  findCountedPeriod,
  findLateCausation,
  holdTotal,
  lockLateUsage,
  markRated,
  putTotal,
} from "../../store/usage.ts";

export async function rateUsage(
  services: BillingServices,
  { id, organizationId }: Pick<UsageRecord, "id" | "organizationId">,
): Promise<void> {
  const tenants = [organizationId];
  const causation = await readInTenants(services.database, tenants, (tx) => findLateCausation(tx, id));
  if (causation === undefined) return;
  await runCommand(services, { tenants, causation }, async ({ tx, emit }) => {
    const record = await lockLateUsage(tx, id);
    if (record === undefined) return;
    const at = services.clock.now();
    const { meter, quantity } = record;
    // As it was counted then: the anchor may have moved since.
    const period =
      (await findCountedPeriod(tx, record)) ??
      usagePeriodAt((await readStanding(tx, organizationId)).anchoredAt, record.at);
    const month = { organizationId, meter, period };
    const used = (await holdTotal(tx, month)) + quantity;
    await putTotal(tx, { ...month, used }, at);
    await markRated(tx, id, { periodStart: period.start, at });
    emit(usageRecorded(record, { period, used, late: true }));
  });
}
