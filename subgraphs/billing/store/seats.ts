/** Statements on seats, which members take. Callers bring a transaction that is bound to its tenants. */
import type { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

export interface Seat {
  readonly organizationId: OrganizationId;
  /** Of the user subgraph. */
  readonly membershipId: string;
}

/** Taken once, however often it is asked for. */
export async function takeSeat(tx: BillingTransaction, { organizationId, membershipId }: Seat): Promise<void> {
  await tables(tx).seat.createMany({ data: [{ organizationId, membershipId }], skipDuplicates: true });
}

export async function freeSeat(tx: BillingTransaction, { organizationId, membershipId }: Seat): Promise<void> {
  await tables(tx).seat.deleteMany({ where: { organizationId, membershipId } });
}

/** By organisation; one without any is not in it. */
export async function countSeats(
  tx: BillingTransaction,
  organizationIds: readonly OrganizationId[],
): Promise<ReadonlyMap<string, bigint>> {
  const where = { organizationId: { in: [...organizationIds] } };
  const rows = await tables(tx).seat.groupBy({ by: ["organizationId"], where, _count: true });
  return new Map(rows.map(({ organizationId, _count }) => [organizationId, BigInt(_count)]));
}
