/**
 * Keeps which members take seats, by the events of the user subgraph. Members who joined before billing counted them,
 * and before what the log still holds, are not among them.
 */
import { z } from "zod";
import { OrganizationId } from "../../../platform/auth/principal-ids.ts";
import { handleAsCommand } from "../../../platform/events/handler-scope.ts";
import type { RoutedHandler } from "../../../platform/events/routing-table.ts";
import { entitlementAt, reachedPercent, SEATS, withUse } from "../domain/entitlement.ts";
import { entitlementChanged } from "../domain-events.ts";
import type { BillingServices } from "../services.ts";
import type { BillingTransaction } from "../store/database.ts";
import { countSeats, freeSeat, type Seat, takeSeat } from "../store/seats.ts";
import { readStanding } from "./read-standing.ts";

type Handler = RoutedHandler<BillingServices, BillingTransaction>;

const membership = z.object({ organizationId: OrganizationId.schema, membershipId: z.string() });

const following =
  (change: (tx: BillingTransaction, seat: Seat) => Promise<void>): Handler =>
  (services, event, tx) =>
    handleAsCommand(services, tx, event, async ({ emit }) => {
      const seat = membership.parse(event.data);
      const { organizationId } = seat;
      const at = services.clock.now();
      const before = entitlementAt(await readStanding(tx, organizationId), SEATS, at);
      await change(tx, seat);
      const after = withUse(before, (await countSeats(tx, [organizationId])).get(organizationId) ?? 0n);
      const reached = reachedPercent(after);
      if (reached === reachedPercent(before)) return;
      emit(entitlementChanged(organizationId, { entitlements: [after], reachedPercent: reached }));
    });

export const takeMemberSeat = following(takeSeat);
export const freeMemberSeat = following(freeSeat);
