/**
 * The step `payment_method`: the card becomes the account's default. The provider is asked within the step: it answers
 * the same for the same saga. Undone, the card stays where it is: nothing can be charged to a closed account.
 */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import type { SagaStepHandler } from "../../../platform/saga/saga-participant.ts";
import { keepMethod } from "../payment-methods/keep-method.ts";
import type { BillingServices } from "../services.ts";
import { lockAccountOf } from "../store/accounts.ts";
import type { BillingTransaction } from "../store/database.ts";
import { requireRow } from "../store/require-row.ts";
import { FOUNDER_ID, requireInput, SEALED_TOKEN } from "./step-input.ts";

export const paymentMethod: SagaStepHandler<BillingServices, BillingTransaction> = {
  async execute(services, scope, { sagaId, tenantId, input }) {
    const { provider, tokenSeal } = services;
    const token = tokenSeal.open(requireInput(input, SEALED_TOKEN), requireInput(input, FOUNDER_ID));
    const organizationId = OrganizationId.require(tenantId);
    const account = requireRow(await lockAccountOf(scope.tx, organizationId));
    const attached = await provider.attach({ idempotencyKey: sagaId, token, customer: account.id });
    if (attached.status === "REFUSED") return { result: { outcome: "FAILED", reason: attached.reason } };
    const kept = await keepMethod(services, scope, { account, attached, makeDefault: true });
    return { result: { outcome: "DONE" }, reference: kept.id };
  },

  compensate: async () => ({ outcome: "DONE" }),
};
