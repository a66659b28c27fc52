// What the store says was committed to billing's event streams, whatever anybody received of it.
import type { Client } from "pg";
import type { Account } from "../support/client/new-member.ts";

/** By organisation, the sequence of its newest event. */
export async function readHeads(billing: Client): Promise<Map<string, number>> {
  const { rows } = await billing.query<{ tenant: string; last: string }>(
    "SELECT tenant_id AS tenant, last_sequence AS last FROM stream_head WHERE topic = 'billing.events'",
  );
  return new Map(rows.map(({ tenant, last }) => [tenant, Number(last)]));
}

/** Infinite for an organisation without events: nobody can have them all. */
export function headOf(heads: ReadonlyMap<string, number>, { organizationId }: Account): number {
  return heads.get(organizationId) ?? Number.POSITIVE_INFINITY;
}
