/**
 * Collects an open invoice. The invoice's row lock decides between parallel requests: one of them creates a payment, the
 * others find it. The provider is charged after the commit, and the outcome is recorded in a transaction of its own.
 */
import { z } from "zod";
import { runCommand } from "../../../platform/database/command.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import { causationOf, type RequestContext } from "../../../platform/graphql/request-context.ts";
import type { InvoicePayInput } from "../../../schema/generated/billing.ts";
import type { BillingServices } from "../context.ts";
import { findInvoices, lockInvoice } from "../store/invoices.ts";
import { isPaymentProcessing } from "../store/payments.ts";
import { assertIdempotencyKey, findManaged } from "./authorize.ts";
import { chooseMethod, createPayment, type PendingPayment } from "./create-payment.ts";
import { finishCollection } from "./finish-collection.ts";
import type { Settlement } from "./settle-payment.ts";

const COMMAND = "invoicePay";
const storedResult = z.object({ invoiceId: z.string(), paymentId: z.string() });

export interface InvoicePayment {
  readonly organizationId: string;
  readonly invoiceId: string;
  readonly paymentId: string;
  /** When this request recorded the outcome. */
  readonly left: Settlement | undefined;
}

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID`, `IDEMPOTENCY_…`; a decline is no failure of the command */
export async function payInvoice(
  services: BillingServices,
  request: RequestContext,
  input: InvoicePayInput,
): Promise<InvoicePayment> {
  const { id: invoiceId, idempotencyKey } = input;
  const paymentMethodId = input.paymentMethodId ?? undefined;
  const { organizationId } = await findManaged(services, request.identity, {
    id: invoiceId,
    prefix: "inv",
    field: "id",
    noun: "invoice",
    find: findInvoices,
  });
  assertIdempotencyKey(idempotencyKey);

  const causation = causationOf(request);
  let pending: PendingPayment | undefined;
  const { result } = await runCommand(
    services,
    {
      tenants: [organizationId],
      causation,
      idempotency: {
        key: idempotencyKey,
        tenant: organizationId,
        command: COMMAND,
        input: { invoiceId, paymentMethodId: paymentMethodId ?? null },
        result: storedResult,
      },
    },
    async (scope) => {
      const invoice = await lockInvoice(scope.tx, invoiceId);
      if (invoice.status === "PAID") throw refuse("STATE_INVALID", "This invoice is paid already.", "id");
      if (invoice.status !== "OPEN") {
        throw refuse("STATE_INVALID", `An invoice that is ${invoice.status} cannot be paid.`, "id");
      }
      if (await isPaymentProcessing(scope.tx, invoiceId)) {
        throw refuse("STATE_INVALID", "A payment of this invoice is under way: wait for its outcome.", "id");
      }
      const method = await chooseMethod(scope.tx, invoice.accountId, paymentMethodId);
      pending = await createPayment(services, scope, { invoice, method, causation });
      return { invoiceId, paymentId: pending.payment.id };
    },
  );
  const { paymentId } = result;
  const left = await finishCollection(services, request, { organizationId, paymentId, pending });
  return { organizationId, ...result, left };
}
