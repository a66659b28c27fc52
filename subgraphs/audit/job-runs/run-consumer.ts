/**
 * Hears of jobs' runs from every subgraph that publishes them, stores how far each is, and tells the operators'
 * organisation that it changed. Rows, inbox and event are one transaction.
 */
import { PLATFORM, type TenantId } from "../../../platform/auth/principal-ids.ts";
import type { EventHandler } from "../../../platform/events/group-consumer.ts";
import { handleAsCommand } from "../../../platform/events/handler-scope.ts";
import { jobServiceOf } from "../../../platform/jobs/job-messages.ts";
import { recordJobRun } from "../commands/record-job-run.ts";
import { operatorsOf } from "../operator/operators-organization.ts";
import type { AuditServices } from "../services.ts";
import type { AuditTransaction } from "../store/database.ts";

type RunServices = Pick<AuditServices, "outbox" | "clock" | "contracts" | "operatorOrganizationId">;

/** One handler for each type that tells of a run, whichever subgraphs there are. */
export function runHandlers(services: RunServices): Readonly<Record<string, EventHandler<AuditTransaction>>> {
  const handler: EventHandler<AuditTransaction> = (event, tx) =>
    handleAsCommand(services, tx, event, (scope) => recordJobRun(services, scope, event));
  const types = services.contracts.types.filter((type) => jobServiceOf(type) !== undefined);
  return Object.fromEntries(types.map((type) => [type, handler]));
}

/** Whose rows a handler may touch: the platform's, and the stream of those who are told. */
export function tenantsOfRuns(services: RunServices): readonly TenantId[] {
  const operators = operatorsOf(services);
  return operators === undefined ? [PLATFORM] : [PLATFORM, operators];
}
