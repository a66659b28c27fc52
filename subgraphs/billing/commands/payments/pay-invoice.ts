/**
 * Collects an open invoice. The locks of account and invoice decide between parallel requests: one of them creates a
 * payment, the others find it. The provider is charged after the commit, and the outcome is recorded in a transaction
 * of its own.
 */
import { z } from "zod";
import type { CommandOutcome } from "../../../../platform/database/command.ts";
import { runIdempotentCommand } from "../../../../platform/database/idempotent-command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import { requireIdempotencyKey } from "../../../../platform/validation/idempotency-key.ts";
import type { InvoicePayInput } from "../../../../schema/generated/billing.ts";
import { beginPayment, type PendingPayment } from "../../collection/begin-payment.ts";
import { finishCollection } from "../../collection/finish-collection.ts";
import { InvoiceId, PaymentId } from "../../domain/ids.ts";
import { requireOpen } from "../../errors.ts";
import { attachNewCard, chooseMethod, requireNamed, requireSource } from "../../payment-methods/payment-source.ts";
import type { BillingServices } from "../../services.ts";
import { lockAccount } from "../../store/accounts.ts";
import { lockInvoice } from "../../store/invoices.ts";
import { isPaymentProcessing } from "../../store/payments.ts";
import { findManaged, INVOICE } from "../../validation/managed-target.ts";
import type { Settlement } from "./settle-payment.ts";

const storedResult = z.object({ invoiceId: InvoiceId.schema, paymentId: PaymentId.schema });

export interface InvoicePayment {
  readonly invoiceId: InvoiceId;
  readonly paymentId: PaymentId;
  /** As this request recorded the outcome; undefined when another request does. */
  readonly settlement: Settlement | undefined;
}

/**
 * A decline is no failure of the command.
 * @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID`, `IDEMPOTENCY_…`
 */
export async function payInvoice(
  services: BillingServices,
  { identity, causation }: Actor,
  { id, idempotencyKey, ...input }: InvoicePayInput,
): Promise<CommandOutcome<InvoicePayment>> {
  const { id: invoiceId, organizationId, accountId } = await findManaged(services, identity, INVOICE, id, "id");
  requireIdempotencyKey(idempotencyKey);
  const source = requireSource(input);
  const attached = await attachNewCard(services, { organizationId, accountId, idempotencyKey }, source);

  let pending: PendingPayment | undefined;
  const command = {
    key: idempotencyKey,
    tenant: organizationId,
    command: "invoicePay",
    input: { invoiceId, ...source },
    result: storedResult,
    causation,
  };
  const { result, replayed } = await runIdempotentCommand(services, command, async (scope) => {
    const account = await lockAccount(scope.tx, accountId);
    const named = await requireNamed(scope.tx, account, source);
    const invoice = await lockInvoice(scope.tx, invoiceId);
    if (invoice.status === "PAID") throw refuse("STATE_INVALID", "This invoice is paid already.", "id");
    if (invoice.status !== "OPEN") {
      throw refuse("STATE_INVALID", `An invoice that is ${invoice.status} cannot be paid.`, "id");
    }
    if (await isPaymentProcessing(scope.tx, invoiceId)) {
      throw refuse("STATE_INVALID", "A payment of this invoice is under way: wait for its outcome.", "id");
    }
    requireOpen(account, "id");
    const method = await chooseMethod(services, scope, { account, named, attached, keep: source.keep });
    pending = await beginPayment(services, scope, { invoice, method, causation });
    return { invoiceId, paymentId: pending.payment.id };
  });
  const { paymentId } = result;
  const settlement = await finishCollection(services, causation, { organizationId, paymentId, pending });
  return { result: { ...result, settlement }, replayed };
}
