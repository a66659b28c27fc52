/** What a command left behind: the rows it wrote itself, else read anew in the organisation it worked in. Nothing read before the change is answered. */
import { readInTenants } from "../../platform/database/tenant-transaction.ts";
import type { BillingTransaction } from "../../prisma/billing/client.ts";
import type { BillingContext } from "./context.ts";
import { clearLoaders } from "./loaders.ts";

/** @param left as this request committed it; undefined when another request did, or nobody yet */
export async function leftBehind<Fields>(
  { services, loaders }: BillingContext,
  organizationId: string,
  left: Fields | undefined,
  read: (tx: BillingTransaction) => Promise<Fields>,
): Promise<Fields> {
  clearLoaders(loaders);
  return left ?? readInTenants(services.client, [organizationId], read);
}
