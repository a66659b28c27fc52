/** Chooses the payment method that is used whenever none is named, renewals included. */
import { z } from "zod";
import type { CommandOutcome } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { PaymentMethodMakeDefaultInput } from "../../../../schema/generated/billing.ts";
import { PaymentMethodId } from "../../domain/ids.ts";
import { defaultMethodChanged } from "../../domain-events.ts";
import { tryAgain } from "../../dunning/try-again.ts";
import type { BillingServices } from "../../services.ts";
import { findMethodOfAccount, makeDefaultMethod } from "../../store/payment-methods.ts";
import { runManagedCommand } from "../../validation/managed-command.ts";
import { PAYMENT_METHOD } from "../../validation/managed-target.ts";

const storedResult = z.object({ paymentMethodId: PaymentMethodId.schema });

export type ChosenDefaultMethod = z.infer<typeof storedResult>;

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID`, `IDEMPOTENCY_…` */
export async function chooseDefaultMethod(
  services: BillingServices,
  actor: Actor,
  input: PaymentMethodMakeDefaultInput,
): Promise<CommandOutcome<ChosenDefaultMethod>> {
  const command = { command: "paymentMethodMakeDefault", target: PAYMENT_METHOD, input, result: storedResult };
  return runManagedCommand(services, actor, command, async ({ tx, emit }, { id, accountId }, { clock }) => {
    const method = await findMethodOfAccount(tx, accountId, id);
    if (method === undefined) throw refuse("STATE_INVALID", "This payment method was given up.", "id");
    // Asked for what is so already, nothing happened.
    if (method.isDefault) return { paymentMethodId: id };
    emit(defaultMethodChanged(await makeDefaultMethod(tx, method)));
    await tryAgain({ tx, emit }, accountId, clock.now());
    return { paymentMethodId: id };
  });
}
