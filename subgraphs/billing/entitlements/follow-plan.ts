/**
 * Publishes that an organisation may use more or less, when its plan changed. What it may use is read as it stands, and
 * compared with what was published last: so an event that comes twice, or late, does no harm.
 */
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { handleAsCommand } from "../../../platform/events/handler-scope.ts";
import type { RoutedHandler } from "../../../platform/events/routing-table.ts";
import { entitlementAt, type Grants } from "../domain/entitlement.ts";
import { entitlementChanged } from "../domain-events.ts";
import type { BillingServices } from "../services.ts";
import type { BillingTransaction } from "../store/database.ts";
import { findToldGrants, putToldGrants } from "../store/entitlement-grants.ts";
import { readStanding } from "./read-standing.ts";

/** Of an event in the organisation's stream. */
export const followPlan: RoutedHandler<BillingServices, BillingTransaction> = (services, event, tx) =>
  handleAsCommand(services, tx, event, async ({ emit }) => {
    const organizationId = OrganizationId.require(event.partitionkey);
    const standing = await readStanding(tx, organizationId);
    const { grants } = standing;
    const keys = changedKeys(await findToldGrants(tx, organizationId), grants);
    if (keys.length === 0) return;
    const at = services.clock.now();
    await putToldGrants(tx, organizationId, { keys, grants, at });
    const entitlements = keys.map((key) => entitlementAt(standing, key, at));
    emit(entitlementChanged(organizationId, { entitlements, reachedPercent: null }));
  });

function changedKeys(told: Grants, granted: Grants): string[] {
  const keys = new Set([...told.keys(), ...granted.keys()]);
  return [...keys].filter((key) => told.get(key) !== granted.get(key));
}
