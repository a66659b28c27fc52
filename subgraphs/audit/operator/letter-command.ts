/** The frame of commands on dead letters: the audit database of the platform, and who works on the command line. */
import { fileURLToPath } from "node:url";
import { OPERATOR_SERVICE } from "../../../platform/auth/operators.ts";
import { systemClock } from "../../../platform/clock.ts";
import { loadEventContracts } from "../../../platform/events/contracts.ts";
import { outboxOf } from "../../../platform/graphql/subgraph-outbox.ts";
import { createIdSource } from "../../../platform/ids.ts";
import type { OperatorContext } from "../../../platform/operator/operator-command.ts";
import { findOperatorDatabase } from "../../../platform/operator/operator-database.ts";
import { newTrace } from "../../../platform/tracing/trace-context.ts";
import type { Operator, OperatorServices } from "../services.ts";
import { openAuditDatabase } from "../store/database.ts";
import { NAME } from "../subgraph-name.ts";

/** Work with the services of a command line, which are gone when it is done. */
export async function withServices<R>(
  { environment }: Pick<OperatorContext, "environment">,
  work: (services: OperatorServices) => Promise<R>,
): Promise<R> {
  const database = openAuditDatabase("audit database", await findOperatorDatabase(NAME, "app", environment), 1);
  try {
    const contracts = await loadEventContracts(fileURLToPath(new URL("../../../schema/events", import.meta.url)));
    const clock = systemClock;
    const ids = createIdSource(clock);
    const outbox = outboxOf(NAME, { contracts, clock, ids });
    return await work({ database, outbox, clock, ids, operatorOrganizationId: undefined });
  } finally {
    await database.part.stop?.();
  }
}

export function operatorOf(name: string): Operator {
  return {
    identity: { kind: "SERVICE", service: OPERATOR_SERVICE },
    causation: {
      actorKind: "SERVICE",
      actorId: `${OPERATOR_SERVICE}:${name}`,
      correlationId: newTrace().traceId,
      hop: 0,
    },
  };
}
