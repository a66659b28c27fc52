/**
 * How billing details lie in rows, and statements on what invoices keep of them. Callers bring a transaction that is
 * bound to its tenants.
 */
import { z } from "zod";
import type { BillingAccountModel } from "../../../prisma/billing/generated/models/BillingAccount.ts";
import type { BillingDetails, BillTo } from "../domain/billing-details.ts";
import type { InvoiceId } from "../domain/ids.ts";
import type { BillingTransaction } from "./database.ts";
import { tables } from "./tables.ts";

const storedAddress = z.object({
  name: z.string(),
  line1: z.string(),
  line2: z.string().nullable(),
  postalCode: z.string().nullable(),
  city: z.string(),
  region: z.string().nullable(),
  country: z.string(),
});
const storedBillTo = z.object({ taxId: z.string().nullable(), address: storedAddress.nullable() });

type DetailColumns = Pick<BillingAccountModel, "billingEmail" | "taxId" | "address">;

export function toDetails({ billingEmail, taxId, address }: DetailColumns): BillingDetails {
  return { billingEmail, taxId, address: storedAddress.nullable().parse(address) };
}

/** Plain JSON. */
export function toStoredBillTo(billTo: BillTo): z.infer<typeof storedBillTo> {
  return storedBillTo.parse(billTo);
}

/** @returns undefined where nobody had said to whom the invoice is made out when it was issued */
export async function findBillTo(tx: BillingTransaction, id: InvoiceId): Promise<BillTo | undefined> {
  const row = await tables(tx).invoice.findUnique({ where: { id }, select: { billTo: true } });
  return row?.billTo == null ? undefined : storedBillTo.parse(row.billTo);
}
