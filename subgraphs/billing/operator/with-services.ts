/** The frame of commands that change something: the billing database of the platform, and what publishing takes. */
import type { OperatorContext } from "../../../platform/operator/operator-command.ts";
import { findOperatorDatabase } from "../../../platform/operator/operator-database.ts";
import { openOperatorOutbox } from "../../../platform/operator/operator-outbox.ts";
import type { OperatorServices } from "../services.ts";
import { openBillingDatabase } from "../store/database.ts";

const NAME = "billing";

/** Work with the services of a command line, which are gone when it is done. */
export async function withServices<R>(
  { environment }: Pick<OperatorContext, "environment">,
  work: (services: OperatorServices) => Promise<R>,
): Promise<R> {
  const database = openBillingDatabase("billing database", await findOperatorDatabase(NAME, "app", environment), 1);
  try {
    const { services, told } = await openOperatorOutbox(NAME, database.autocommit);
    return await work({ database, ...services, operatorOrganizationId: undefined }).finally(told);
  } finally {
    await database.part.stop?.();
  }
}
