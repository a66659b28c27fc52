/** The frame of commands that change something: the user database of the platform, and what publishing takes. */
import type { OperatorContext } from "../../../platform/operator/operator-command.ts";
import { findOperatorDatabase } from "../../../platform/operator/operator-database.ts";
import { openOperatorOutbox } from "../../../platform/operator/operator-outbox.ts";
import type { OperatorServices } from "../services.ts";
import { openUserDatabase } from "../store/database.ts";
import { NAME } from "../subgraph-name.ts";

/** Work with the services of a command line, which are gone when it is done. */
export async function withServices<R>(
  { environment }: Pick<OperatorContext, "environment">,
  work: (services: OperatorServices) => Promise<R>,
): Promise<R> {
  const database = openUserDatabase("user database", await findOperatorDatabase(NAME, "app", environment), 1);
  try {
    const { services, told } = await openOperatorOutbox(NAME, database.autocommit);
    return await work({ database, ...services }).finally(told);
  } finally {
    await database.part.stop?.();
  }
}
