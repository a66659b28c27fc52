/** Batched reads of one request. Nothing is shared between requests, hence nothing between viewers. */
import DataLoader from "dataloader";
import type { TenantReader } from "../../platform/database/tenant-reader.ts";
import type { RequestContext } from "../../platform/graphql/request-context.ts";
import type { AuditTransaction } from "../../prisma/audit/client.ts";
import { canReadEntry } from "./policies.ts";
import { type AuditEntryRecord, findEntries } from "./store.ts";

export interface Loaders {
  /** Null for an entry that is missing or that the viewer may not read. */
  readonly entries: DataLoader<string, AuditEntryRecord | null>;
}

export function createLoaders(read: TenantReader<AuditTransaction>, { identity }: RequestContext): Loaders {
  return {
    entries: new DataLoader(async (ids) => {
      const records = await read((tx) => findEntries(tx, ids));
      const byId = new Map(
        records.filter((record) => canReadEntry(identity, record)).map((record) => [record.id, record]),
      );
      return ids.map((id) => byId.get(id) ?? null);
    }),
  };
}
