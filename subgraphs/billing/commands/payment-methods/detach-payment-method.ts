/**
 * Gives a payment method up. Payments that were made with it stay. Another one becomes the default; the last one stays
 * while a plan is to be renewed with it.
 */
import { z } from "zod";
import type { CommandOutcome } from "../../../../platform/database/command.ts";
import { runIdempotentCommand } from "../../../../platform/database/idempotent-command.ts";
import { refuse } from "../../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import { requireIdempotencyKey } from "../../../../platform/validation/idempotency-key.ts";
import type { PaymentMethodDetachInput } from "../../../../schema/generated/billing.ts";
import { PaymentMethodId } from "../../domain/ids.ts";
import { defaultMethodChanged, paymentMethodDetached } from "../../domain-events.ts";
import type { BillingServices } from "../../services.ts";
import { lockAccount } from "../../store/accounts.ts";
import {
  findMethodOfAccount,
  findPaymentMethodsOf,
  isMethodInUse,
  makeDefaultMethod,
  settleMethod,
} from "../../store/payment-methods.ts";
import { findRunningSubscription } from "../../store/subscriptions.ts";
import { findManaged, PAYMENT_METHOD } from "../../validation/managed-target.ts";

const storedResult = z.object({ detachedId: PaymentMethodId.schema });

export type DetachedPaymentMethod = z.infer<typeof storedResult>;

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID`, `STATE_INVALID`, `IDEMPOTENCY_…` */
export async function detachPaymentMethod(
  services: BillingServices,
  { identity, causation }: Actor,
  { id: text, idempotencyKey }: PaymentMethodDetachInput,
): Promise<CommandOutcome<DetachedPaymentMethod>> {
  const { id, organizationId, accountId } = await findManaged(services, identity, PAYMENT_METHOD, text, "id");
  requireIdempotencyKey(idempotencyKey);
  const command = {
    key: idempotencyKey,
    tenant: organizationId,
    command: "paymentMethodDetach",
    input: { id },
    result: storedResult,
    causation,
  };
  return runIdempotentCommand(services, command, async ({ tx, emit }) => {
    await lockAccount(tx, accountId);
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
