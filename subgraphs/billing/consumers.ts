/**
 * What billing does about events, other subgraphs' and its own. The transaction also holds the inbox row, so each
 * effect happens once.
 */
import { z } from "zod";
import { OrganizationId, requireTenantId, type TenantId } from "../../platform/auth/principal-ids.ts";
import type { EventEnvelope } from "../../platform/events/envelope.ts";
import { handleAsCommand } from "../../platform/events/handler-scope.ts";
import type { ConsumerFacts, RoutedHandler, Routes } from "../../platform/events/routing-table.ts";
import type { EventType } from "../../schema/generated/events.ts";
import { closeAccount } from "./commands/accounts/close-account.ts";
import { openAccount } from "./commands/accounts/open-account.ts";
import { freeMemberSeat, takeMemberSeat } from "./entitlements/follow-members.ts";
import { followPlan } from "./entitlements/follow-plan.ts";
import { carryOutStep } from "./saga-steps/participant.ts";
import type { BillingServices } from "./services.ts";
import type { BillingTransaction } from "./store/database.ts";

/** Names are groups of the log and names in the inbox: another name would make every event new. */
export const consumers = {
  "billing.accounts": {
    kind: "database",
    does: "Opens the accounts of organisations from before there were sagas, and closes those of deleted ones.",
  },
  "billing.seats": { kind: "database", does: "Keeps which members take an organisation's seats." },
  "billing.entitlements": { kind: "database", does: "Publishes what another plan grants." },
  "billing.sagas": {
    kind: "external",
    does: "Carries out what sagas ask of billing.",
    // Each holds a connection of the pool while the provider is asked.
    concurrency: 4,
    // A saga asks for one step at a time, and each step knows what it has done: no order is needed beyond that.
    order: "none",
  },
} as const satisfies Record<string, ConsumerFacts<BillingServices, BillingTransaction>>;

const organizationCreated = z.object({ organizationId: OrganizationId.schema, sagaId: z.string().optional() });

/** An organisation with a saga gets its account by a step of that. */
const account: RoutedHandler<BillingServices, BillingTransaction> = async (services, event, tx) => {
  const { organizationId, sagaId } = organizationCreated.parse(event.data);
  if (sagaId !== undefined) return;
  await handleAsCommand(services, tx, event, (scope) =>
    openAccount(services, scope, { organizationId, status: "ACTIVE" }),
  );
};

const closing: RoutedHandler<BillingServices, BillingTransaction> = (services, event, tx) =>
  handleAsCommand(services, tx, event, (scope) =>
    closeAccount(services, scope, OrganizationId.require(event.partitionkey)),
  );

export const routes = {
  "user.organization.created.v1": { "billing.accounts": account },
  "user.organization.deleted.v1": { "billing.accounts": closing },
  "user.membership.created.v1": { "billing.seats": takeMemberSeat },
  "user.membership.removed.v1": { "billing.seats": freeMemberSeat },
  "billing.subscription.activated.v1": { "billing.entitlements": followPlan },
  "billing.subscription.changed.v1": { "billing.entitlements": followPlan },
  "billing.subscription.renewed.v1": { "billing.entitlements": followPlan },
  "billing.subscription.canceled.v1": { "billing.entitlements": followPlan },
  "user.saga.step_requested.v1": { "billing.sagas": carryOutStep },
} as const satisfies Routes<BillingServices, BillingTransaction, EventType, keyof typeof consumers>;

/** Whose rows a handler may touch: the organisation that the event is about. */
export function tenantsOfEvent({ orgid, partitionkey }: EventEnvelope): readonly TenantId[] {
  return [requireTenantId(orgid ?? partitionkey)];
}
