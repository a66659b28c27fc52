import { scalars } from "../../../platform/graphql/scalars.ts";
import type { Resolvers } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";
import { auditEntry } from "./audit-entry.ts";
import { auditTarget } from "./audit-target.ts";
import { invoice } from "./invoice.ts";
import { organization } from "./organization.ts";
import { query } from "./query.ts";

export const resolvers: Resolvers<AuditContext, AuditParents> = {
  DateTime: scalars.DateTime,
  BigInt: scalars.BigInt,
  JSON: scalars.JSON,
  AuditEntry: auditEntry,
  AuditTarget: auditTarget,
  Invoice: invoice,
  Organization: organization,
  Query: query,
};
