/**
 * Batched reads of one request, as its identity may see them: what it may not see is `null`, like what does not exist.
 * Nothing is shared between requests, hence nothing between viewers.
 */
import DataLoader from "dataloader";
import type { Identity } from "../../platform/auth/identity.ts";
import type { TenantReader } from "../../platform/database/tenant-reader.ts";
import type { AuditEntry } from "./domain/audit-entry.ts";
import type { AuditEntryId } from "./domain/ids.ts";
import { canReadEntry } from "./policies.ts";
import type { AuditTransaction } from "./store/database.ts";
import { findEntries } from "./store/entries.ts";

export interface Loaders {
  readonly entry: DataLoader<AuditEntryId, AuditEntry | null>;
}

export function createLoaders(read: TenantReader<AuditTransaction>, identity: Identity): Loaders {
  return {
    entry: new DataLoader(async (ids) => {
      const entries = await read((tx) => findEntries(tx, ids));
      const seen = new Map(entries.filter((entry) => canReadEntry(identity, entry)).map((entry) => [entry.id, entry]));
      return ids.map((id) => seen.get(id) ?? null);
    }),
  };
}
