/**
 * Exchanges a token of the provider's form for a kept payment method. The provider is asked before the transaction, with a
 * key of its own, so a repeated request gives the method that the first one gave. No card number is accepted or stored.
 */
import { z } from "zod";
import { runCommand } from "../../../platform/database/command.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import { causationOf, type RequestContext } from "../../../platform/graphql/request-context.ts";
import type { PaymentMethodAttachInput } from "../../../schema/generated/billing.ts";
import type { BillingServices } from "../context.ts";
import { paymentMethodAttached } from "../domain-events.ts";
import { findAccounts, insertPaymentMethod, lockAccount, type PaymentMethodRecord } from "../store/accounts.ts";
import { assertIdempotencyKey, findManaged } from "./authorize.ts";

const COMMAND = "paymentMethodAttach";
const storedResult = z.object({ paymentMethodId: z.string() });
const TOKEN = /^[A-Za-z0-9_-]{1,200}$/;
/** 12 to 19 digits, however they are grouped: ISO/IEC 7812. */
const CARD_NUMBER = /^\D*(?:\d[\s._-]*){12,19}$/;

export interface AttachedPaymentMethod {
  readonly organizationId: string;
  readonly paymentMethodId: string;
  /** When this request attached it. */
  readonly left: { readonly paymentMethod: PaymentMethodRecord } | undefined;
}

/** @throws UserFailure `NOT_FOUND`, `FORBIDDEN`, `INVALID` (key, token), `IDEMPOTENCY_…` */
export async function attachPaymentMethod(
  services: BillingServices,
  request: RequestContext,
  input: PaymentMethodAttachInput,
): Promise<AttachedPaymentMethod> {
  const { accountId, providerToken, idempotencyKey } = input;
  const makeDefault = input.makeDefault ?? false;
  const account = await findManaged(services, request.identity, {
    id: accountId,
    prefix: "acc",
    field: "accountId",
    noun: "billing account",
    find: findAccounts,
  });
  const { organizationId } = account;
  assertIdempotencyKey(idempotencyKey);
  if (CARD_NUMBER.test(providerToken)) {
    throw refuse("INVALID", "Never send a card number: send the token of the provider's form.", "providerToken");
  }
  if (!TOKEN.test(providerToken)) throw refuse("INVALID", "This is not a token of the provider.", "providerToken");
  const attached = await services.provider.attach({
    idempotencyKey: `${organizationId}:${idempotencyKey}`,
    token: providerToken,
  });
  if (attached.status === "REFUSED") throw refuse("INVALID", attached.reason, "providerToken");

  const { kind, brand, last4, reference } = attached;
  let left: AttachedPaymentMethod["left"];
  const outcome = await runCommand(
    services,
    {
      tenants: [organizationId],
      causation: causationOf(request),
      idempotency: {
        key: idempotencyKey,
        tenant: organizationId,
        command: COMMAND,
        input: { accountId, providerToken, makeDefault },
        result: storedResult,
      },
    },
    async ({ tx, emit }) => {
      await lockAccount(tx, accountId);
      const id = services.ids.next("pm");
      const provider = services.provider.name;
      const paymentMethod = await insertPaymentMethod(
        tx,
        { id, organizationId, accountId, provider, kind, brand, last4, reference },
        makeDefault,
      );
      left = { paymentMethod };
      emit(paymentMethodAttached(paymentMethod));
      return { paymentMethodId: id };
    },
  );
  if (outcome.replayed) request.idempotencyReplayed = true;
  return { organizationId, ...outcome.result, left };
}
