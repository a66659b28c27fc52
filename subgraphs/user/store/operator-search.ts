/**
 * What operators look up: whose id belongs to an address, a name or a slug. For the relay's role, which alone reads
 * these columns of every tenant.
 */
import { z } from "zod";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

const users = z.array(z.object({ id: z.string(), status: z.string(), email: z.string(), name: z.string() }));
const organizations = z.array(z.object({ id: z.string(), status: z.string(), slug: z.string(), name: z.string() }));

/** By id, by address, or by a part of the name, in any case; newest first. */
export async function searchUsers(tx: UserTransaction, text: string, limit: number) {
  const rows = await tables(tx).$queryRaw`
    SELECT id, status, email, display_name AS name FROM "user"
    WHERE id = ${text} OR email = lower(${text}) OR strpos(lower(display_name), lower(${text})) > 0
    ORDER BY id DESC LIMIT ${limit}`;
  return users.parse(rows);
}

/** By id, by slug, or by a part of the name, in any case; newest first. */
export async function searchOrganizations(tx: UserTransaction, text: string, limit: number) {
  const rows = await tables(tx).$queryRaw`
    SELECT id, status, slug, name FROM organization
    WHERE id = ${text} OR slug = lower(${text}) OR strpos(lower(name), lower(${text})) > 0
    ORDER BY id DESC LIMIT ${limit}`;
  return organizations.parse(rows);
}
