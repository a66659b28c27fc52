/** The audit database's client. Tables with a tenant answer only inside `inTenants` (platform/database). */
import { type ConnectionOptions, createPostgresAdapter } from "../postgres-adapter.ts";
import type { UncheckedRawReads } from "../raw-rows.ts";
import { type Prisma, PrismaClient } from "./generated/client.ts";

export type AuditClient = PrismaClient;

/** What Prisma offers within a transaction; for the store alone. */
export type AuditTables = UncheckedRawReads<Prisma.TransactionClient>;

/** Connects lazily; `$disconnect()` closes the pool. */
export function createAuditClient(url: string, options: ConnectionOptions): AuditClient {
  return new PrismaClient({ adapter: createPostgresAdapter(url, options), errorFormat: "minimal" });
}
