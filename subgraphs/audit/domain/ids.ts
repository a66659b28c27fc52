/** The kinds of id that audit hands out. */
import { type Id, idKind } from "../../../platform/ids.ts";

export const AuditEntryId = idKind("aud");
export type AuditEntryId = Id<"aud">;

export const DeadLetterId = idKind("dlt");
export type DeadLetterId = Id<"dlt">;
