import { randomUUID } from "node:crypto";
import { operatorOf } from "../../../../platform/operator/operator.ts";
import {
  BadArguments,
  BY_OPTION,
  operatorCommand,
  operatorName,
} from "../../../../platform/operator/operator-command.ts";
import { voidInvoice } from "../../commands/payments/void-invoice.ts";
import { withServices } from "../with-services.ts";

export const voidInvoiceCommand = operatorCommand({
  name: "void-invoice",
  summary: "declares an open invoice invalid: nothing is owed",
  usage: "ID --organization ID --reason TEXT [--by NAME]",
  options: { ...BY_OPTION, organization: { type: "string" }, reason: { type: "string" } },
  async run({ by, organization, reason }, [id, ...rest], context) {
    if (id === undefined || rest.length > 0) throw new BadArguments("void-invoice takes one id");
    if (organization === undefined) throw new BadArguments("say whose invoice it is, with --organization");
    if (reason === undefined) throw new BadArguments("say why, with --reason");
    const operator = operatorOf(operatorName(by));
    const input = { id, organizationId: organization, reason, idempotencyKey: randomUUID() };
    await withServices(context, (services) => voidInvoice(services, operator, input));
    context.print(`${id}: VOID`);
  },
});
