/**
 * Stores what an event says of a job's run, unless something newer is stored, and tells operators. Runs inside the
 * consumer's transaction.
 */
import type { CommandScope } from "../../../platform/database/command.ts";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import { jobServiceOf, runMessage } from "../../../platform/jobs/job-messages.ts";
import type { JobRun } from "../domain/job-run.ts";
import { jobChanged } from "../domain-events.ts";
import { operatorsOf } from "../operator/operators-organization.ts";
import type { AuditServices } from "../services.ts";
import type { AuditTransaction } from "../store/database.ts";
import { storeJobRun } from "../store/job-runs.ts";

/** @throws Error for an event that tells of no run */
export async function recordJobRun(
  services: Pick<AuditServices, "clock" | "operatorOrganizationId">,
  { tx, emit }: CommandScope<AuditTransaction>,
  { type, aggregateversion: version, data }: EventEnvelope,
): Promise<void> {
  const service = jobServiceOf(type);
  if (service === undefined) throw new Error(`${type} tells of no run`);
  const { runId: id, finishedAt = null, durationMs, failures = [], ...told } = runMessage.parse(data);
  const run: JobRun = {
    ...told,
    ...{ id, service, version, finishedAt },
    summary: durationMs === undefined ? null : { durationMs, failures },
    notifiedAt: finishedAt === null ? null : services.clock.now(),
  };
  if (!(await storeJobRun(tx, run))) return;
  const operators = operatorsOf(services);
  if (operators !== undefined) emit(jobChanged(run, operators));
}
