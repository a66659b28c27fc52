/**
 * Gives a payment method up. Payments that were made with it stay. Another one becomes the default; the last one stays
 * while a plan is to be renewed with it.
 */
import { z } from "zod";
import type { CommandOutcome } from "../../../../platform/database/command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import type { PaymentMethodDetachInput } from "../../../../schema/generated/billing.ts";
import { PaymentMethodId } from "../../domain/ids.ts";
import { defaultMethodChanged, paymentMethodDetached } from "../../domain-events.ts";
import type { BillingServices } from "../../services.ts";
import {
  findMethodOfAccount,
  findPaymentMethodsOf,
  isMethodInUse,
  makeDefaultMethod,
  settleMethod,
} from "../../store/payment-methods.ts";
import { findRunningSubscription } from "../../store/subscriptions.ts";
import { runManagedCommand } from "../../validation/managed-command.ts";
import { PAYMENT_METHOD } from "../../validation/managed-target.ts";

const storedResult = z.object({ detachedId: PaymentMethodId.schema });

export type DetachedPaymentMethod = z.infer<typeof storedResult>;

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID`, `IDEMPOTENCY_…` */
export async function detachPaymentMethod(
  services: BillingServices,
  actor: Actor,
  input: PaymentMethodDetachInput,
): Promise<CommandOutcome<DetachedPaymentMethod>> {
  const command = { command: "paymentMethodDetach", target: PAYMENT_METHOD, input, result: storedResult };
  return runManagedCommand(services, actor, command, async ({ tx, emit }, { id, accountId }) => {
    const method = await findMethodOfAccount(tx, accountId, id);
    if (method === undefined) throw refuse("STATE_INVALID", "This payment method was given up already.", "id");
    if (await isMethodInUse(tx, id)) {
      throw refuse("STATE_INVALID", "A payment with this method is under way: wait for its outcome.", "id");
    }
    const others = (await findPaymentMethodsOf(tx, [accountId])).filter((other) => other.id !== id);
    const running = await findRunningSubscription(tx, accountId);
    if (others.length === 0 && running !== undefined && running.cancelAt === null) {
      throw refuse("STATE_INVALID", "The plan is renewed with it: attach another one first, or cancel the plan.", "id");
    }
    emit(paymentMethodDetached(await settleMethod(tx, id, { status: "DETACHING", isDefault: false })));
    const newest = others.at(-1);
    if (method.isDefault && newest !== undefined) emit(defaultMethodChanged(await makeDefaultMethod(tx, newest)));
    return { detachedId: id };
  });
}
