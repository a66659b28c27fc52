import { randomUUID } from "node:crypto";
import { operatorOf } from "../../../../platform/operator/operator.ts";
import {
  BadArguments,
  BY_OPTION,
  operatorCommand,
  operatorName,
} from "../../../../platform/operator/operator-command.ts";
import { refundPayment } from "../../commands/payments/refund-payment.ts";
import { withServices } from "../with-services.ts";

const AMOUNT = /^(\d{1,18}) ([A-Z]{3})$/;

export const refundPaymentCommand = operatorCommand({
  name: "refund-payment",
  summary: "gives money of a payment back, all that can be unless an amount is given",
  usage: 'ID --organization ID --reason TEXT [--amount "MINOR-UNITS CURRENCY"] [--from-credit] [--key KEY] [--by NAME]',
  options: {
    ...BY_OPTION,
    organization: { type: "string" },
    reason: { type: "string" },
    amount: { type: "string" },
    "from-credit": { type: "boolean" },
    key: { type: "string" },
  },
  async run({ by, organization, reason, amount: text, "from-credit": fromCredit = false, key }, ids, context) {
    const [id, ...rest] = ids;
    if (id === undefined || rest.length > 0) throw new BadArguments("refund-payment takes one id");
    if (organization === undefined) throw new BadArguments("say whose payment it is, with --organization");
    if (reason === undefined) throw new BadArguments("say why, with --reason");
    const operator = operatorOf(operatorName(by));
    const { result } = await withServices(context, (services) =>
      refundPayment(services, operator, {
        ...{ id, organizationId: organization, reason, amount: text === undefined ? null : amountOf(text) },
        source: fromCredit ? "CREDIT" : "INVOICE",
        idempotencyKey: key ?? randomUUID(),
      }),
    );
    context.print(`${id}: ${result.refundId} is PROCESSING, the platform carries it out`);
  },
});

function amountOf(text: string): { readonly amountMinor: bigint; readonly currency: string } {
  const [, amount, currency] = AMOUNT.exec(text) ?? [];
  if (amount === undefined || currency === undefined) {
    throw new BadArguments('--amount takes minor units and a currency, e.g. "1250 EUR" for 12.50 euros');
  }
  return { amountMinor: BigInt(amount), currency };
}
