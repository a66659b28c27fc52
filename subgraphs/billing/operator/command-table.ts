/** What operators may do with an organisation's money: the commands of `npm run operator`, a file each. */
import type { OperatorCommand } from "../../../platform/operator/operator-command.ts";
import { refundPaymentCommand } from "./command-line/refund-payment.ts";
import { voidInvoiceCommand } from "./command-line/void-invoice.ts";

export const COMMANDS: readonly OperatorCommand[] = [refundPaymentCommand, voidInvoiceCommand];
