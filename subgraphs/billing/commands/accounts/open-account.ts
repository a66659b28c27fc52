/**
 * Opens the billing account of a new organisation. One per organisation, however often and by whatever event it is
 * asked for. Runs inside the consumer's transaction.
 */
import type { OrganizationId } from "../../../../platform/auth/principal-ids.ts";
import type { CommandScope } from "../../../../platform/database/command.ts";
import type { AccountId } from "../../domain/ids.ts";
import { accountOpened } from "../../domain-events.ts";
import type { BillingServices } from "../../services.ts";
import { findAccountsOf, insertAccount } from "../../store/accounts.ts";
import type { BillingTransaction } from "../../store/database.ts";
import { requireRow } from "../../store/require-row.ts";

export interface NewAccountOf {
  readonly organizationId: OrganizationId;
  /** `PENDING`: it opens with the first payment. */
  readonly status: "PENDING" | "ACTIVE";
}

/** @returns the id of this account, or of the one that was there */
export async function openAccount(
  { ids, currency }: Pick<BillingServices, "ids" | "currency">,
  { tx, emit }: CommandScope<BillingTransaction>,
  { organizationId, status }: NewAccountOf,
): Promise<AccountId> {
  const account = { id: ids.next("acc"), organizationId, currency, status };
  if (!(await insertAccount(tx, account))) return requireRow((await findAccountsOf(tx, [organizationId])).at(0)).id;
  emit(accountOpened(account));
  return account.id;
}
