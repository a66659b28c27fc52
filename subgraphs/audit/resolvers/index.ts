import { scalars } from "../../../platform/graphql/scalars.ts";
import type { Resolvers } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";
import { auditEntry } from "./audit-entry.ts";
import { auditTarget } from "./audit-target.ts";
import { deadLetter } from "./dead-letter.ts";
import { invoice } from "./invoice.ts";
import { jobRun } from "./job-run.ts";
import { mutation } from "./mutation.ts";
import { organization } from "./organization.ts";
import { query } from "./query.ts";

export const resolvers: Resolvers<AuditContext, AuditParents> = {
  DateTime: scalars.DateTime,
  BigInt: scalars.BigInt,
  JSON: scalars.JSON,
  AuditEntry: auditEntry,
  AuditTarget: auditTarget,
  DeadLetter: deadLetter,
  Invoice: invoice,
  JobRun: jobRun,
  Mutation: mutation,
  Organization: organization,
  Query: query,
};
