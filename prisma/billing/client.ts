/** The billing database's client. Tables with a tenant answer only inside `inTenants` (platform/database). */
import { type ConnectionOptions, clientOptions } from "../postgres-adapter.ts";
import type { UncheckedRawReads } from "../raw-rows.ts";
import { type Prisma, PrismaClient } from "./generated/client.ts";

export type BillingClient = PrismaClient;

/** What Prisma offers within a transaction; for the store alone. */
export type BillingTables = UncheckedRawReads<Prisma.TransactionClient>;

export function createBillingClient(url: string, options: ConnectionOptions): BillingClient {
  return new PrismaClient(clientOptions(url, options));
}
