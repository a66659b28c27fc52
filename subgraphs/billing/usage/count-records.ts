/**
 * Counts records of one meter for the month that runs. The month's total is held from here to the commit, so that lists
 * that come at once never take the last unit twice. Within a list each record finds what those before it left.
 */
import type { CommandScope } from "../../../platform/database/command.ts";
import { refuse, type UserFailure } from "../../../platform/errors/user-failure.ts";
import { type Entitlement, entitlementAt, reachedPercent, type Standing, withUse } from "../domain/entitlement.ts";
import type { UsageRecord } from "../domain/usage.ts";
import { usagePeriodAt } from "../domain/usage-period.ts";
import { entitlementChanged, usageRecorded } from "../domain-events.ts";
import type { BillingTransaction } from "../store/database.ts";
import { holdTotal, insertUsageRecords, putTotal } from "../store/usage.ts";

export interface NewUse {
  readonly standing: Standing;
  /** Which a plan grants. */
  readonly meter: string;
  readonly records: readonly UsageRecord[];
  /** Now: it says which month. */
  readonly at: Date;
}

/** @returns for each record the entitlement behind it, or why the limit has no room for it */
export async function countRecords(
  { tx, emit }: CommandScope<BillingTransaction>,
  { standing, meter, records, at }: NewUse,
): Promise<readonly (Entitlement | UserFailure)[]> {
  const { organizationId, anchoredAt } = standing;
  const period = usagePeriodAt(anchoredAt, at);
  const month = { organizationId, meter, period };
  let left = withUse(entitlementAt(standing, meter, at), await holdTotal(tx, month));
  const counted: UsageRecord[] = [];
  const answers = records.map((record) => {
    const used = left.used + record.quantity;
    if (left.limit !== null && used > left.limit) return noRoom(left);
    const reachedBefore = reachedPercent(left);
    left = withUse(left, used);
    counted.push(record);
    emit(usageRecorded(record, { period, used, late: false }));
    const reached = reachedPercent(left);
    if (reached !== reachedBefore) {
      emit(entitlementChanged(organizationId, { entitlements: [left], reachedPercent: reached }));
    }
    return left;
  });
  if (counted.length > 0) {
    await putTotal(tx, { ...month, used: left.used }, at);
    await insertUsageRecords(tx, counted, period.start);
  }
  return answers;
}

function noRoom({ key, limit, used }: Entitlement): UserFailure {
  const message = `The plan allows ${limit} \`${key}\` a month, and ${used} are used: choose a larger plan.`;
  return refuse("LIMIT_REACHED", message, "quantity");
}
