import { AppError } from "../../../platform/errors/app-error.ts";
import type { Page } from "../../../platform/graphql/connection.ts";
import { loadById } from "../../../platform/graphql/load-by-id.ts";
import { readConnection } from "../../../platform/graphql/read-connection.ts";
import type { ResolversOf } from "../../../schema/generated/audit.ts";
import type { AuditContext, AuditParents } from "../context.ts";
import type { DeadLetter } from "../domain/dead-letter.ts";
import { AuditEntryId } from "../domain/ids.ts";
import type { JobRun } from "../domain/job-run.ts";
import { operatorReader } from "../operator/operator-reader.ts";
import type { AuditTransaction } from "../store/database.ts";
import { pageLetters } from "../store/dead-letters.ts";
import { pageJobRuns } from "../store/job-runs.ts";

export const query: ResolversOf<"Query", AuditContext, AuditParents> = {
  async auditEntry(_root, { id }, { loaders }) {
    const entry = await loadById(AuditEntryId, id, loaders.entry);
    if (entry === null) throw new AppError("NOT_FOUND", "There is no such audit entry.");
    return entry;
  },

  async deadLetters(_root, { topic, consumer, organizationId, status, ...page }, context, info) {
    const read = operatorReader(context);
    if (read === undefined) {
      throw new AppError("FORBIDDEN", "Only operators of this installation may read dead letters.");
    }
    const query = { topic, consumer, organizationId, status };
    const name = `deadLetters:${JSON.stringify([topic, consumer, organizationId, status])}`;
    const list = {
      name,
      keyOf: ({ id }: DeadLetter) => id,
      page: (tx: AuditTransaction, at: Page) => pageLetters(tx, query, at),
    };
    return readConnection({ services: context.services, read }, list, page, info);
  },

  async jobRuns(_root, page, context, info) {
    const read = operatorReader(context);
    if (read === undefined) throw new AppError("FORBIDDEN", "Only operators of this installation may read job runs.");
    const list = { name: "jobRuns", keyOf: ({ id }: JobRun) => id, page: pageJobRuns };
    return readConnection({ services: context.services, read }, list, page, info);
  },
};
