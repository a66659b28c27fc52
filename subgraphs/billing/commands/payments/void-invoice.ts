/**
 * Declares an open invoice invalid, which operators decide: nothing is owed. A plan that was past due for it goes on;
 * one that was never paid is cancelled instead.
 */
import { z } from "zod";
import type { CommandOutcome } from "../../../../platform/database/command.ts";
import { runIdempotentCommand } from "../../../../platform/database/idempotent-command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Operator } from "../../../../platform/operator/operator.ts";
import { requireIdempotencyKey } from "../../../../platform/validation/idempotency-key.ts";
import { requireReason } from "../../../../platform/validation/reason.ts";
import type { InvoiceVoidInput } from "../../../../schema/generated/billing.ts";
import { reactivate } from "../../collection/reactivate.ts";
import { voidInvoice as declareVoid } from "../../collection/void-invoice.ts";
import { InvoiceId } from "../../domain/ids.ts";
import type { OperatorServices } from "../../services.ts";
import { lockAccount } from "../../store/accounts.ts";
import { lockInvoice } from "../../store/invoices.ts";
import { isPaymentProcessing } from "../../store/payments.ts";
import { requireRow } from "../../store/require-row.ts";
import { findSubscriptions } from "../../store/subscriptions.ts";
import { inTimeOf } from "../../test-clock/in-time-of.ts";
import { INVOICE } from "../../validation/managed-target.ts";
import { findOperated } from "../../validation/operated-target.ts";

const storedResult = z.object({ invoiceId: InvoiceId.schema });

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `BLANK`, `TOO_LONG`, `STATE_INVALID`, `IDEMPOTENCY_…` */
export async function voidInvoice(
  services: OperatorServices,
  { identity, causation }: Operator,
  input: InvoiceVoidInput,
): Promise<CommandOutcome<z.infer<typeof storedResult>>> {
  const { id, organizationId, accountId } = await findOperated(services, { identity }, INVOICE, input);
  const key = requireIdempotencyKey(input.idempotencyKey);
  const reason = requireReason(input.reason);
  const command = { key, tenant: organizationId, command: "invoiceVoid", input: { id, reason }, result: storedResult };
  return runIdempotentCommand(services, { ...command, causation }, async (scope) => {
    const { tx } = scope;
    const account = await lockAccount(tx, accountId);
    const invoice = await lockInvoice(tx, id);
    if (invoice.status !== "OPEN") {
      throw refuse("STATE_INVALID", `An invoice that is ${invoice.status} cannot be declared void.`, "id");
    }
    if (await isPaymentProcessing(tx, id)) {
      throw refuse("STATE_INVALID", "A payment of this invoice is under way: wait for its outcome.", "id");
    }
    const { subscriptionId } = invoice;
    if (subscriptionId !== null) {
      const { status } = requireRow((await findSubscriptions(tx, [subscriptionId])).at(0));
      if (status === "INCOMPLETE") {
        throw refuse("STATE_INVALID", "Its plan was never paid: cancel the plan instead.", "id");
      }
    }
    const at = inTimeOf(services, account).clock.now();
    await declareVoid(scope, invoice, at, reason);
    if (subscriptionId !== null) await reactivate(scope, subscriptionId, at);
    return { invoiceId: id };
  });
}
