/** The audit database's client. Tables with a tenant answer only inside `inTenants` (platform/database). */
import { type ConnectionOptions, clientOptions } from "../postgres-adapter.ts";
import type { UncheckedRawReads } from "../raw-rows.ts";
import { type Prisma, PrismaClient } from "./generated/client.ts";

export type AuditClient = PrismaClient;

/** What Prisma offers within a transaction; for the store alone. */
export type AuditTables = UncheckedRawReads<Prisma.TransactionClient>;

export function createAuditClient(url: string, options: ConnectionOptions): AuditClient {
  return new PrismaClient(clientOptions(url, options));
}
