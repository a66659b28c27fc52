/**
 * Says to whom an account's invoices are made out, and where mails about money go. What is not named stays. Invoices
 * that were issued keep what they say. Changing nothing is no event.
 */
import { z } from "zod";
import type { CommandOutcome } from "../../../../platform/database/command.ts";
import { runIdempotentCommand } from "../../../../platform/database/idempotent-command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import { requireIdempotencyKey } from "../../../../platform/validation/idempotency-key.ts";
import type { BillingAccountUpdateInput } from "../../../../schema/generated/billing.ts";
import { type BillingDetails, changedDetails } from "../../domain/billing-details.ts";
import { AccountId } from "../../domain/ids.ts";
import { accountUpdated } from "../../domain-events.ts";
import { requireOpen } from "../../errors.ts";
import type { BillingServices } from "../../services.ts";
import { changeDetails, lockAccount } from "../../store/accounts.ts";
import {
  requireAddress,
  requireBillingEmail,
  requireTaxIdText,
  withCheckedTaxId,
} from "../../validation/billing-details.ts";
import { ACCOUNT, findManaged } from "../../validation/managed-target.ts";

const storedResult = z.object({ accountId: AccountId.schema });

export type UpdatedAccount = z.infer<typeof storedResult>;

/**
 * @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `BLANK`, `INVALID`, `TOO_LONG`, `STATE_INVALID`, `VERSION_CONFLICT`,
 * `IDEMPOTENCY_…`
 */
export async function updateAccount(
  services: BillingServices,
  { identity, causation }: Actor,
  { idempotencyKey, expectedVersion, ...input }: BillingAccountUpdateInput,
): Promise<CommandOutcome<UpdatedAccount>> {
  const { id, organizationId } = await findManaged(services, identity, ACCOUNT, input.id, "id");
  const key = requireIdempotencyKey(idempotencyKey);
  const set = readDetails(input);
  const command = {
    ...{ key, tenant: organizationId, command: "billingAccountUpdate", causation },
    input: { id, expectedVersion, ...set },
    result: storedResult,
  };
  return runIdempotentCommand(services, command, async ({ tx, emit }) => {
    const before = await lockAccount(tx, id);
    requireOpen(before, "id");
    if (before.version !== expectedVersion) {
      throw refuse("VERSION_CONFLICT", "This account was changed since: look at it again.", "expectedVersion");
    }
    const details = withCheckedTaxId({ ...before.details, ...set });
    const changed = changedDetails(before.details, details);
    if (changed.length === 0) return { accountId: id };
    const after = await changeDetails(tx, id, details, services.clock.now());
    emit(accountUpdated(after, changed, services.contactSeal));
    return { accountId: id };
  });
}

/** @throws UserFailure `BLANK`, `INVALID`, `TOO_LONG` */
function readDetails({
  billingEmail,
  taxId,
  address,
}: Pick<BillingAccountUpdateInput, keyof BillingDetails>): Partial<BillingDetails> {
  return {
    ...(billingEmail === undefined
      ? {}
      : { billingEmail: billingEmail === null ? null : requireBillingEmail(billingEmail) }),
    ...(taxId === undefined ? {} : { taxId: taxId === null ? null : requireTaxIdText(taxId) }),
    ...(address === undefined ? {} : { address: address === null ? null : requireAddress(address) }),
  };
}
