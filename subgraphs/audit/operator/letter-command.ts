/** The frame of commands on dead letters: the audit database of the platform, and the services of a command line. */
import type { OperatorContext } from "../../../platform/operator/operator-command.ts";
import { findOperatorDatabase } from "../../../platform/operator/operator-database.ts";
import { openOperatorOutbox } from "../../../platform/operator/operator-outbox.ts";
import type { OperatorServices } from "../services.ts";
import { openAuditDatabase } from "../store/database.ts";
import { NAME } from "../subgraph-name.ts";

/** Work with the services of a command line, which are gone when it is done. */
export async function withServices<R>(
  { environment }: Pick<OperatorContext, "environment">,
  work: (services: OperatorServices) => Promise<R>,
): Promise<R> {
  const database = openAuditDatabase("audit database", await findOperatorDatabase(NAME, "app", environment), 1);
  try {
    const { services, told } = await openOperatorOutbox(NAME, database.autocommit);
    return await work({ database, ...services, operatorOrganizationId: undefined }).finally(told);
  } finally {
    await database.part.stop?.();
  }
}
