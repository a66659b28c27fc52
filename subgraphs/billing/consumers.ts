/**
 * What billing does about other subgraphs' events. The transaction also holds the inbox row, so each effect happens
 * once.
 */
import { z } from "zod";
import { OrganizationId, requireTenantId, type TenantId } from "../../platform/auth/principal-ids.ts";
import type { EventEnvelope } from "../../platform/events/envelope.ts";
import type { ConsumerFacts, RoutedHandler, Routes } from "../../platform/events/routing-table.ts";
import type { EventType } from "../../schema/generated/events.ts";
import { openAccount } from "./commands/open-account.ts";
import type { BillingServices } from "./services.ts";
import type { BillingTransaction } from "./store/database.ts";

/** Names are groups of the log and names in the inbox: another name would make every event new. */
export const consumers = {
  "billing.accounts": { kind: "database", does: "Opens the account of each new organisation." },
} as const satisfies Record<string, ConsumerFacts<BillingServices, BillingTransaction>>;

const organizationCreated = z.object({ organizationId: OrganizationId.schema });

const account: RoutedHandler<BillingServices, BillingTransaction> = (services, event, tx) =>
  openAccount(services, tx, organizationCreated.parse(event.data).organizationId, event);

export const routes = {
  "user.organization.created.v1": { "billing.accounts": account },
} as const satisfies Routes<BillingServices, BillingTransaction, EventType, keyof typeof consumers>;

/** Whose rows a handler may touch: the organisation that the event is about. */
export function tenantsOfEvent({ orgid, partitionkey }: EventEnvelope): readonly TenantId[] {
  return [requireTenantId(orgid ?? partitionkey)];
}
