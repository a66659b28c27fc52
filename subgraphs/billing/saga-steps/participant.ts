/** What billing does for sagas, by the steps' names. */

import { requireTenantId } from "../../../platform/auth/principal-ids.ts";
import { causedBy, type EventEnvelope } from "../../../platform/events/envelope.ts";
import { handleAsCommand } from "../../../platform/events/handler-scope.ts";
import { stepRequest } from "../../../platform/saga/saga-messages.ts";
import { createSagaParticipant } from "../../../platform/saga/saga-participant.ts";
import { sagaStepSettled } from "../domain-events.ts";
import type { BillingServices } from "../services.ts";
import type { BillingTransaction } from "../store/database.ts";
import { billingAccount } from "./billing-account.ts";
import { paymentMethod } from "./payment-method.ts";
import { subscription } from "./subscription.ts";

export const participant = createSagaParticipant<BillingServices, BillingTransaction>({
  service: "billing",
  steps: { billing_account: billingAccount, payment_method: paymentMethod, subscription },
  settled: sagaStepSettled,
});

/** In the consumer's transaction. */
export function carryOutStep(services: BillingServices, event: EventEnvelope, tx: BillingTransaction): Promise<void> {
  return handleAsCommand(services, tx, event, (scope) =>
    participant.handle(services, scope, {
      tenantId: requireTenantId(event.partitionkey),
      causation: causedBy(event),
      request: stepRequest.parse(event.data),
    }),
  );
}
