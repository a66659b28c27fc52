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

function toPlan(row: PlanModel): Plan {
  const { code, version, name, currency, amountMinor, trialDays, publishedAt, retiredAt } = row;
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
    trialDays,
    publishedAt,
    retiredAt,
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

export interface PlanVersionQuery {
  readonly code: string;
  /** Absent: any. */
  readonly version?: number;
  /** It was offered then; absent: at any time. */
  readonly asOf?: Date;
}

/** The newest one of those that match. */
export async function findPlanVersion(
  tx: BillingTransaction,
  { code, version, asOf }: PlanVersionQuery,
): Promise<Plan | undefined> {
  const offered =
    asOf === undefined ? {} : { publishedAt: { lte: asOf }, OR: [{ retiredAt: null }, { retiredAt: { gt: asOf } }] };
  const where = { code, ...(version === undefined ? {} : { version }), ...offered };
  const row = await tables(tx).plan.findFirst({ where, orderBy: { version: "desc" } });
  return row === null ? undefined : toPlan(row);
}

/** For each plan that has one, its next version. */
export async function findSuperseding(
  tx: BillingTransaction,
  ids: readonly PlanId[],
): Promise<ReadonlyMap<PlanId, Plan>> {
  const plans = await findPlans(tx, ids);
  const next = plans.map(({ code, version }) => ({ code, version: version + 1 }));
  const rows = next.length === 0 ? [] : await tables(tx).plan.findMany({ where: { OR: next } });
  const byName = new Map(rows.map((row) => [`${row.code} ${row.version}`, toPlan(row)]));
  return new Map(
    plans.flatMap(({ id, code, version }) => {
      const superseding = byName.get(`${code} ${version + 1}`);
      return superseding === undefined ? [] : [[id, superseding] as const];
    }),
  );
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

export type NewPlan = Omit<Plan, "status" | "retiredAt">;

/** Waits for others who publish this plan, until the commit. @returns its newest version; 0: there is none */
export async function lockPlanCode(tx: BillingTransaction, code: string): Promise<number> {
  await tables(tx).$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`plan ${code}`}, 0))`;
  const { _max } = await tables(tx).plan.aggregate({ where: { code }, _max: { version: true } });
  return _max.version ?? 0;
}

/**
 * Publishes a plan in place of the version that was offered.
 * @param plan newer than all of its code, which is locked
 */
export async function replacePlan(tx: BillingTransaction, { features, ...plan }: NewPlan): Promise<Plan> {
  await tables(tx).plan.updateMany({
    where: { code: plan.code, status: "PUBLISHED" },
    data: { status: "RETIRED", retiredAt: plan.publishedAt },
  });
  const row = await tables(tx).plan.create({
    data: {
      ...plan,
      status: "PUBLISHED",
      features: features.map(({ key, limit }) => ({ key, limit: limit === null ? null : limit.toString() })),
    },
  });
  return toPlan(row);
}
