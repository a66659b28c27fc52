/**
 * Exchanges a token of the provider's form for a stored payment method. The same card is one method, however often it
 * is attached. No card number is accepted or stored.
 */
import { z } from "zod";
import type { CommandOutcome } from "../../../../platform/database/command.ts";
import { runIdempotentCommand } from "../../../../platform/database/idempotent-command.ts";
import type { Actor } from "../../../../platform/graphql/subgraph-context.ts";
import { requireIdempotencyKey } from "../../../../platform/validation/idempotency-key.ts";
import { requireProviderToken } from "../../../../platform/validation/provider-token.ts";
import type { PaymentMethodAttachInput } from "../../../../schema/generated/billing.ts";
import type { PaymentMethod } from "../../domain/account.ts";
import { PaymentMethodId } from "../../domain/ids.ts";
import { tryAgain } from "../../dunning/try-again.ts";
import { requireOpen } from "../../errors.ts";
import { keepMethod } from "../../payment-methods/keep-method.ts";
import { attachNewCard } from "../../payment-methods/payment-source.ts";
import type { BillingServices } from "../../services.ts";
import { lockAccount } from "../../store/accounts.ts";
import { inTimeOf } from "../../test-clock/in-time-of.ts";
import { ACCOUNT, findManaged } from "../../validation/managed-target.ts";

const storedResult = z.object({ paymentMethodId: PaymentMethodId.schema });

export interface AttachedPaymentMethod {
  readonly paymentMethodId: PaymentMethodId;
  /** As this request attached it; undefined when an earlier one did. */
  readonly paymentMethod: PaymentMethod | undefined;
}

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID` (key, token), `IDEMPOTENCY_…` */
export async function attachPaymentMethod(
  services: BillingServices,
  { identity, causation }: Actor,
  { accountId: accountText, providerToken, idempotencyKey, ...input }: PaymentMethodAttachInput,
): Promise<CommandOutcome<AttachedPaymentMethod>> {
  const makeDefault = input.makeDefault ?? false;
  const { id: accountId, organizationId } = await findManaged(services, identity, ACCOUNT, accountText, "accountId");
  requireIdempotencyKey(idempotencyKey);
  requireProviderToken(providerToken);
  const attached = await attachNewCard(
    services,
    { organizationId, accountId, idempotencyKey },
    { paymentMethodId: null, providerToken },
  );
  let paymentMethod: PaymentMethod | undefined;
  const command = {
    key: idempotencyKey,
    tenant: organizationId,
    command: "paymentMethodAttach",
    input: { accountId, providerToken, makeDefault },
    result: storedResult,
    causation,
  };
  const { result, replayed } = await runIdempotentCommand(services, command, async (scope) => {
    const account = await lockAccount(scope.tx, accountId);
    requireOpen(account, "accountId");
    if (attached === undefined) throw new Error("a card was attached under a key, and its command is not known");
    paymentMethod = await keepMethod(services, scope, { account, attached, makeDefault });
    if (paymentMethod.isDefault) await tryAgain(scope, accountId, inTimeOf(services, account).clock.now());
    return { paymentMethodId: paymentMethod.id };
  });
  return { result: { ...result, paymentMethod }, replayed };
}
