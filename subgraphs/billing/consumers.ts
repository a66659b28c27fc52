/** What billing does about other subgraphs' events. The transaction also holds the inbox row, so each effect happens once. */
import { z } from "zod";
import type { EventEnvelope } from "../../platform/events/envelope.ts";
import type { EventHandler } from "../../platform/events/group-consumer.ts";
import type { BillingTransaction } from "../../prisma/billing/client.ts";
import { type OpenAccountDeps, openAccount } from "./commands/open-account.ts";

const organizationCreated = z.object({ organizationId: z.string() });

export function billingHandlers(deps: OpenAccountDeps): Readonly<Record<string, EventHandler<BillingTransaction>>> {
  return {
    "user.organization.created.v1": (event, tx) =>
      openAccount(deps, tx, organizationCreated.parse(event.data).organizationId, event),
  };
}

/** Whose rows a handler may touch: the organisation that the event is about. */
export function tenantsOfEvent({ orgid, partitionkey }: EventEnvelope): readonly string[] {
  return [orgid ?? partitionkey];
}
