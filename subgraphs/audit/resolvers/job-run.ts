import type { ResolversOf } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";
import { operatedRun } from "../job-runs/operator-reads.ts";

export const jobRun: ResolversOf<"JobRun", AuditContext, AuditParents> = {
  __resolveReference: ({ id }, context) => operatedRun(context, id),
};
