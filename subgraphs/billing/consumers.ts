/**
 * What billing does about other subgraphs' events. The transaction also holds the inbox row, so each effect happens
 * once.
 */
import { z } from "zod";
import { OrganizationId, requireTenantId, type TenantId } from "../../platform/auth/principal-ids.ts";
import type { EventEnvelope } from "../../platform/events/envelope.ts";
import type { EventHandler } from "../../platform/events/group-consumer.ts";
import type { EventType } from "../../schema/generated/events.ts";
import { openAccount } from "./commands/open-account.ts";
import type { BillingServices } from "./services.ts";
import type { BillingTransaction } from "./store/database.ts";

const organizationCreated = z.object({ organizationId: OrganizationId.schema });

export function billingHandlers(services: BillingServices): Readonly<Record<string, EventHandler<BillingTransaction>>> {
  return {
    "user.organization.created.v1": (event, tx) =>
      openAccount(services, tx, organizationCreated.parse(event.data).organizationId, event),
  } satisfies Partial<Record<EventType, EventHandler<BillingTransaction>>>;
}

/** Whose rows a handler may touch: the organisation that the event is about. */
export function tenantsOfEvent({ orgid, partitionkey }: EventEnvelope): readonly TenantId[] {
  return [requireTenantId(orgid ?? partitionkey)];
}
