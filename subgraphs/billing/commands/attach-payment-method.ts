/**
 * Exchanges a token of the provider's form for a stored payment method. The provider is asked before the transaction,
 * with a key of its own, so a repeated request gives the method that the first one gave. No card number is accepted or
 * stored.
 */
import { z } from "zod";
import type { CommandOutcome } from "../../../platform/database/command.ts";
import { runIdempotentCommand } from "../../../platform/database/idempotent-command.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import type { Actor } from "../../../platform/graphql/subgraph-context.ts";
import { requireIdempotencyKey } from "../../../platform/validation/idempotency-key.ts";
import { requireProviderToken } from "../../../platform/validation/provider-token.ts";
import type { PaymentMethodAttachInput } from "../../../schema/generated/billing.ts";
import type { PaymentMethod } from "../domain/account.ts";
import { PaymentMethodId } from "../domain/ids.ts";
import { paymentMethodAttached } from "../domain-events.ts";
import { requireOpen } from "../errors.ts";
import type { BillingServices } from "../services.ts";
import { lockAccount } from "../store/accounts.ts";
import { insertPaymentMethod } from "../store/payment-methods.ts";
import { ACCOUNT, findManaged } from "../validation/managed-target.ts";

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
  { accountId: account, providerToken, idempotencyKey, ...input }: PaymentMethodAttachInput,
): Promise<CommandOutcome<AttachedPaymentMethod>> {
  const makeDefault = input.makeDefault ?? false;
  const { id: accountId, organizationId } = await findManaged(services, identity, ACCOUNT, account, "accountId");
  requireIdempotencyKey(idempotencyKey);
  requireProviderToken(providerToken);
  const attached = await services.provider.attach({
    idempotencyKey: `${organizationId}:${idempotencyKey}`,
    token: providerToken,
  });
  if (attached.status === "REFUSED") throw refuse("INVALID", attached.reason, "providerToken");

  const { kind, brand, last4, reference } = attached;
  let paymentMethod: PaymentMethod | undefined;
  const command = {
    key: idempotencyKey,
    tenant: organizationId,
    command: "paymentMethodAttach",
    input: { accountId, providerToken, makeDefault },
    result: storedResult,
    causation,
  };
  const { result, replayed } = await runIdempotentCommand(services, command, async ({ tx, emit }) => {
    requireOpen(await lockAccount(tx, accountId), "accountId");
    const id = services.ids.next("pm");
    const provider = services.provider.name;
    const method = { id, organizationId, accountId, provider, kind, brand, last4, reference };
    paymentMethod = await insertPaymentMethod(tx, method, makeDefault);
    emit(paymentMethodAttached(paymentMethod));
    return { paymentMethodId: id };
  });
  return { result: { ...result, paymentMethod }, replayed };
}
