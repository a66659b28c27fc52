/** Statements on plans. They belong to no organisation, so they need no tenant. */
import { z } from "zod";
import { keysetWalk, type RowPage } from "../../../platform/database/keyset.ts";
import { storedEnum } from "../../../platform/database/stored-enum.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import type { PlanModel } from "../../../prisma/billing/generated/models/Plan.ts";
import { PlanInterval, PlanStatus } from "../../../schema/generated/billing.ts";
import { PlanId } from "../domain/ids.ts";
import type { Plan } from "../domain/plan.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

const storedFeatures = z.array(
  z.object({
    key: z.string(),
    limit: z
      .string()
      .nullable()
      .transform((text) => (text === null ? null : BigInt(text))),
  }),
);

function toPlan({ code, version, name, currency, amountMinor, ...row }: PlanModel): Plan {
  return {
    id: PlanId.require(row.id),
    code,
    version,
    name,
    status: storedEnum(PlanStatus, row.status),
    interval: storedEnum(PlanInterval, row.interval),
    currency,
    amountMinor,
    features: storedFeatures.parse(row.features),
  };
}

export async function findPlans(tx: BillingTransaction, ids: readonly PlanId[]): Promise<Plan[]> {
  const rows = await tables(tx).plan.findMany({ where: { id: { in: [...ids] } } });
  return rows.map(toPlan);
}

export async function findPublishedPlan(tx: BillingTransaction, code: string): Promise<Plan | undefined> {
  const row = await tables(tx).plan.findFirst({ where: { code, status: "PUBLISHED" } });
  return row === null ? undefined : toPlan(row);
}

/** A plan's place in the list "cheapest first". */
export function planKey({ amountMinor, id }: Plan): string {
  return `${amountMinor}/${id}`;
}

/** Cheapest first; plans of one price in the order of their creation. */
export async function pagePlans(tx: BillingTransaction, page: Page): Promise<RowPage<Plan>> {
  const { order, take, beyond } = keysetWalk(page, "ascending");
  const [amount = "0", id = ""] = page.key?.split("/") ?? [];
  const amountMinor = BigInt(amount);
  const rest = { OR: [{ amountMinor: beyond(amountMinor) }, { amountMinor, id: beyond(id) }] };
  const published = { status: "PUBLISHED" } as const satisfies { status: PlanStatus };
  const { plan } = tables(tx);
  const rows = await plan.findMany({
    where: { ...published, ...(page.key === undefined ? {} : rest) },
    orderBy: [{ amountMinor: order }, { id: order }],
    take,
  });
  return { rows: rows.map(toPlan), totalCount: page.counted ? await plan.count({ where: published }) : null };
}

export type NewPlan = Omit<Plan, "status">;

/** Publishes the plans whose code and version are not there yet; returns how many. */
export async function insertMissingPlans(tx: BillingTransaction, plans: readonly NewPlan[]): Promise<number> {
  const { count } = await tables(tx).plan.createMany({
    data: plans.map((plan) => ({
      ...plan,
      status: "PUBLISHED",
      features: plan.features.map(({ key, limit }) => ({ key, limit: limit === null ? null : limit.toString() })),
    })),
    skipDuplicates: true,
  });
  return count;
}
