/** Statements on records of use and the totals of months. Callers bring a transaction that is bound to its tenants. */
import { z } from "zod";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import { causationSchema, storedCausation } from "../../../platform/events/stored-causation.ts";
import type { UsageRecordModel } from "../../../prisma/billing/generated/models/UsageRecord.ts";
import type { UsageTotalModel } from "../../../prisma/billing/generated/models/UsageTotal.ts";
import { usageTotalRows } from "../../../prisma/billing/generated/raw-rows.ts";
import { UsageRecordId } from "../domain/ids.ts";
import type { Period } from "../domain/proration.ts";
import type { UsageRecord, UsageTotal } from "../domain/usage.ts";
import type { BillingTransaction } from "./database.ts";
import { requireRow } from "./require-row.ts";
import { tables } from "./tables.ts";

function toUsageRecord({ meter, quantity, at, recordedAt, ...row }: UsageRecordModel): UsageRecord {
  const organizationId = OrganizationId.require(row.organizationId);
  return { id: UsageRecordId.require(row.id), organizationId, meter, quantity, at, recordedAt };
}

function toTotal({ meter, periodStart, periodEnd, used, ...row }: UsageTotalModel): UsageTotal {
  const organizationId = OrganizationId.require(row.organizationId);
  return { organizationId, meter, period: { start: periodStart, end: periodEnd }, used };
}

/** @param periodStart of the month that they are counted for; null: they are late */
export async function insertUsageRecords(
  tx: BillingTransaction,
  records: readonly UsageRecord[],
  periodStart: Date | null,
): Promise<void> {
  await tables(tx).usageRecord.createMany({ data: records.map((record) => ({ ...record, periodStart })) });
}

type Month = Pick<UsageTotal, "organizationId" | "meter" | "period">;

const usedRows = z.array(z.object({ used: z.bigint() }));

/**
 * Holds the total of a month until the commit: whoever counts finds what the one before left.
 * @returns what is used
 */
export async function holdTotal(tx: BillingTransaction, { organizationId, meter, period }: Month): Promise<bigint> {
  const month = { organizationId, meter, periodStart: period.start, periodEnd: period.end };
  await tables(tx).usageTotal.createMany({ data: [{ ...month, used: 0n }], skipDuplicates: true });
  const rows = await tables(tx).$queryRaw`
    SELECT used FROM usage_total
    WHERE organization_id = ${organizationId} AND meter = ${meter} AND period_start = ${period.start} FOR UPDATE`;
  return requireRow(usedRows.parse(rows).at(0)).used;
}

/** Of a month whose total the transaction holds. */
export async function putTotal(tx: BillingTransaction, { used, ...month }: UsageTotal, at: Date): Promise<void> {
  const { organizationId, meter, period } = month;
  await tables(tx).usageTotal.update({
    where: { organizationId_meter_periodStart: { organizationId, meter, periodStart: period.start } },
    data: { used, updatedAt: at },
  });
}

/** Of each organisation and meter the newest month in which something was used. */
export async function findNewestTotals(
  tx: BillingTransaction,
  organizationIds: readonly OrganizationId[],
): Promise<UsageTotal[]> {
  const { columns, parse } = usageTotalRows;
  const rows = await tables(tx).$queryRaw`
    SELECT DISTINCT ON (organization_id, meter) ${columns} FROM usage_total
    WHERE organization_id = ANY (${[...organizationIds]}) ORDER BY organization_id, meter, period_start DESC`;
  return parse(rows).map(toTotal);
}

/** The month that was counted around a moment, the newest where an anchor moved. */
export async function findCountedPeriod(
  tx: BillingTransaction,
  { organizationId, meter, at }: Pick<UsageRecord, "organizationId" | "meter" | "at">,
): Promise<Period | undefined> {
  const row = await tables(tx).usageTotal.findFirst({
    where: { organizationId, meter, periodStart: { lte: at }, periodEnd: { gt: at } },
    orderBy: { periodStart: "desc" },
  });
  return row === null ? undefined : toTotal(row).period;
}

/** @param causation of the events that their counts will be told by */
export async function insertLateUsage(
  tx: BillingTransaction,
  records: readonly UsageRecord[],
  causation: Causation,
): Promise<void> {
  const stored = storedCausation(causation);
  const data = records.map(({ id, organizationId }) => ({ recordId: id, organizationId, causation: stored }));
  await tables(tx).lateUsage.createMany({ data });
}

/** Who recorded a late record. @returns undefined when it is counted */
export async function findLateCausation(tx: BillingTransaction, id: UsageRecordId): Promise<Causation | undefined> {
  const row = await tables(tx).lateUsage.findFirst({ where: { recordId: id, ratedAt: null } });
  return row === null ? undefined : causationSchema.parse(row.causation);
}

/** A late record, locked until the commit. @returns undefined when it is counted */
export async function lockLateUsage(tx: BillingTransaction, id: UsageRecordId): Promise<UsageRecord | undefined> {
  const locked = await tables(tx).$executeRaw`
    SELECT FROM late_usage WHERE record_id = ${id} AND rated_at IS NULL FOR UPDATE`;
  if (locked === 0) return undefined;
  const row = await tables(tx).usageRecord.findUnique({ where: { id } });
  return toUsageRecord(requireRow(row ?? undefined));
}

export async function markRated(
  tx: BillingTransaction,
  id: UsageRecordId,
  { periodStart, at }: { readonly periodStart: Date; readonly at: Date },
): Promise<void> {
  await tables(tx).lateUsage.update({ where: { recordId: id }, data: { periodStart, ratedAt: at } });
}

const dueRows = z.array(z.object({ id: UsageRecordId.schema, organizationId: OrganizationId.schema }));

/**
 * Late records that are not counted yet, oldest first. For the relay role, which sees those of all organisations.
 * @param except ids of those that are not asked for
 */
export async function findLateUsage(
  tx: BillingTransaction,
  { except, limit }: { readonly except: readonly string[]; readonly limit: number },
): Promise<Pick<UsageRecord, "id" | "organizationId">[]> {
  const rows = await tables(tx).$queryRaw`
    SELECT record_id AS id, organization_id AS "organizationId" FROM late_usage
    WHERE rated_at IS NULL AND record_id <> ALL (${[...except]}::text[]) ORDER BY record_id LIMIT ${limit}`;
  return dueRows.parse(rows);
}
