/**
 * Statements on how many people registered and confirmed their address per day. The rows are nobody's: they are counts.
 */
import { z } from "zod";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

export interface RegistrationDay {
  /** In UTC, such as `2026-11-29`. */
  readonly day: string;
  readonly registered: number;
  readonly verified: number;
}

const ADD = `
  INSERT INTO registration_day AS total (day, registered, verified)
  SELECT day, registered, verified FROM json_to_recordset($1::json) AS added (day date, registered bigint, verified bigint)
  ORDER BY day
  ON CONFLICT (day) DO UPDATE
  SET registered = total.registered + EXCLUDED.registered, verified = total.verified + EXCLUDED.verified`;

/** @param days each once */
export async function addRegistrations(tx: UserTransaction, days: readonly RegistrationDay[]): Promise<void> {
  await tables(tx).$executeRawUnsafe(ADD, JSON.stringify(days));
}

export async function deleteRegistrationDays(tx: UserTransaction): Promise<void> {
  await tables(tx).registrationDay.deleteMany();
}

/** Newest first. @param limit days that anything happened on */
export async function findRegistrationDays(tx: UserTransaction, limit: number): Promise<RegistrationDay[]> {
  const rows = await tables(tx).registrationDay.findMany({ orderBy: { day: "desc" }, take: limit });
  return rows.map(({ day, registered, verified }) => ({
    day: dayOf(day),
    registered: Number(registered),
    verified: Number(verified),
  }));
}

/** The day of an instant, in UTC. */
export function dayOf(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

/** What a new read model needs to know of users, by the key of their stream; see `readStreams`. */
export const REGISTRATION_STATES = `
  SELECT id AS key, json_build_object('registeredAt', created_at, 'verifiedAt', email_verified_at) AS state
  FROM "user" WHERE id = ANY ($1::text[])`;

export const registrationState = z.object({
  registeredAt: z.coerce.date(),
  verifiedAt: z.coerce.date().nullable(),
});
