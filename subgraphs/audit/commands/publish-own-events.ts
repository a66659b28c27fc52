/** Publishes what audit itself says happened, and records it, in a transaction of its own. */
import type { TenantId } from "../../../platform/auth/principal-ids.ts";
import { runCommand } from "../../../platform/database/command.ts";
import type { Causation, DomainEvent } from "../../../platform/events/envelope.ts";
import type { AuditServices } from "../services.ts";
import { recordOwnEvents } from "./record-own-events.ts";

/** @param tenants the events' owners */
export async function publishOwnEvents(
  services: Pick<AuditServices, "database" | "outbox" | "clock" | "ids">,
  events: readonly DomainEvent[],
  causation: Causation,
  tenants: readonly TenantId[],
): Promise<void> {
  await runCommand(services, { tenants, causation }, async ({ tx }) => {
    await recordOwnEvents(
      services,
      tx,
      events.map((event) => ({ event, causation })),
    );
  });
}
