import type { ResolversOf } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";
import { operatedLetter } from "../dead-letters/operator-reads.ts";

export const deadLetter: ResolversOf<"DeadLetter", AuditContext, AuditParents> = {
  __resolveReference: ({ id }, context) => operatedLetter(context, id),
  event: ({ payload, complete }) => (complete ? jsonOf(payload) : null),
  // What was asked for last is not what was done.
  resolvedBy: ({ resolvedAt, resolvedBy }) => (resolvedAt === null ? null : resolvedBy),
};

/** Null for what is no JSON. */
function jsonOf(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}
