/** What every command that moves money checks before it does anything. */
import { type Identity, tenantsOf } from "../../../platform/auth/identity.ts";
import { readInTenants } from "../../../platform/database/tenant-transaction.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import { idPrefix } from "../../../platform/ids.ts";
import type { BillingTransaction } from "../../../prisma/billing/client.ts";
import { constraints } from "../../../schema/constraints.ts";
import type { BillingServices } from "../context.ts";
import { canManageBilling } from "../policies.ts";

export interface ManagedTarget<Row> {
  readonly id: string;
  readonly prefix: string;
  /** Input field that names it. */
  readonly field: string;
  /** As in "There is no such invoice." */
  readonly noun: string;
  readonly find: (tx: BillingTransaction, ids: readonly string[]) => Promise<readonly Row[]>;
}

/**
 * The row a command is about.
 * @throws UserFailure `NOT_FOUND` when it is missing or in a foreign organisation, `FORBIDDEN` without `billing.manage`
 * @throws AppError `UNAUTHENTICATED` for anyone but a signed-in user
 */
export async function findManaged<Row extends { readonly organizationId: string }>(
  { client }: BillingServices,
  identity: Identity,
  { id, prefix, field, noun, find }: ManagedTarget<Row>,
): Promise<Row> {
  if (identity.kind !== "USER") throw new AppError("UNAUTHENTICATED", "Sign in first.");
  const [row] = idPrefix(id) === prefix ? await readInTenants(client, tenantsOf(identity), (tx) => find(tx, [id])) : [];
  if (row === undefined) throw refuse("NOT_FOUND", `There is no such ${noun}.`, field);
  if (!canManageBilling(identity, row.organizationId)) {
    throw refuse("FORBIDDEN", "This needs the permission `billing.manage`.");
  }
  return row;
}

/** @throws UserFailure `INVALID`: before the provider is asked, not only when the key is stored */
export function assertIdempotencyKey(key: string): void {
  const { min, max } = constraints.idempotencyKey;
  if (key.length >= min && key.length <= max && /^[\x20-\x7e]+$/.test(key)) return;
  throw refuse(
    "INVALID",
    `An idempotency key has ${min} to ${max} printable characters, e.g. a UUID.`,
    "idempotencyKey",
  );
}
