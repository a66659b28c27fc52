/** Statements on plans. They belong to no organisation, so they need no tenant. */
import { z } from "zod";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { BillingTransaction } from "../../../prisma/billing/client.ts";

const storedParts = z.object({
  status: z.enum(["PUBLISHED", "RETIRED"]),
  interval: z.enum(["MONTH", "YEAR"]),
  features: z.array(
    z.object({
      key: z.string(),
      limit: z
        .string()
        .nullable()
        .transform((text) => (text === null ? null : BigInt(text))),
    }),
  ),
});

type Row = Awaited<ReturnType<BillingTransaction["plan"]["findFirstOrThrow"]>>;

/** Columns that hold a closed set of words or JSON are checked when read. */
function toRecord(row: Row) {
  return { ...row, ...storedParts.parse(row) };
}

export type PlanRecord = ReturnType<typeof toRecord>;

export async function findPlans(tx: BillingTransaction, ids: readonly string[]): Promise<PlanRecord[]> {
  const rows = await tx.plan.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toRecord);
}

export async function findPublishedPlan(tx: BillingTransaction, code: string): Promise<PlanRecord | null> {
  const row = await tx.plan.findFirst({ where: { code, status: "PUBLISHED" } });
  return row === null ? null : toRecord(row);
}

/** A plan's place in the list "cheapest first". */
export function planKey({ amountMinor, id }: PlanRecord): string {
  return `${amountMinor}/${id}`;
}

/** Cheapest first. One row more than asked tells that there are more. */
export async function pagePlans(tx: BillingTransaction, page: Page): Promise<PlanRecord[]> {
  const forward = page.direction === "forward";
  const [amount = "0", id = ""] = page.key?.split("/") ?? [];
  const amountMinor = BigInt(amount);
  const beyond = forward
    ? { OR: [{ amountMinor: { gt: amountMinor } }, { amountMinor, id: { gt: id } }] }
    : { OR: [{ amountMinor: { lt: amountMinor } }, { amountMinor, id: { lt: id } }] };
  const order = forward ? "asc" : "desc";
  const rows = await tx.plan.findMany({
    where: { status: "PUBLISHED", ...(page.key === undefined ? {} : beyond) },
    orderBy: [{ amountMinor: order }, { id: order }],
    take: page.take + 1,
  });
  return rows.map(toRecord);
}

export function countPlans(tx: BillingTransaction): Promise<number> {
  return tx.plan.count({ where: { status: "PUBLISHED" } });
}

export interface NewPlan {
  readonly id: string;
  readonly code: string;
  readonly version: number;
  readonly name: string;
  readonly interval: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly features: readonly { readonly key: string; readonly limit: bigint | null }[];
}

/** Publishes the plans whose code and version are not there yet; returns how many. */
export async function insertMissingPlans(tx: BillingTransaction, plans: readonly NewPlan[]): Promise<number> {
  const { count } = await tx.plan.createMany({
    data: plans.map((plan) => ({
      ...plan,
      status: "PUBLISHED",
      features: plan.features.map(({ key, limit }) => ({ key, limit: limit === null ? null : limit.toString() })),
    })),
    skipDuplicates: true,
  });
  return count;
}
