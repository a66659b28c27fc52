/** What a command left behind, read anew in the organisation it worked in: nothing read before the change is answered. */
import { inTenants } from "../../platform/database/tenant-transaction.ts";
import type { BillingTransaction } from "../../prisma/billing/client.ts";
import type { BillingContext } from "./context.ts";
import { clearLoaders } from "./loaders.ts";

export function readAfter<Fields>(
  { services, loaders }: BillingContext,
  organizationId: string,
  read: (tx: BillingTransaction) => Promise<Fields>,
): Promise<Fields> {
  clearLoaders(loaders);
  return inTenants(services.client, [organizationId], read);
}
