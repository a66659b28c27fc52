/** Notes that a mail came back. One that was not sent, or is known to have come back, stays as it is. */
import { runCommand } from "../../../../platform/database/command.ts";
import { AppError } from "../../../../platform/errors/app-error.ts";
import { causedByService } from "../../../../platform/events/service-causation.ts";
import type { EmailId } from "../../domain/ids.ts";
import { emailBounced } from "../../domain-events.ts";
import type { UserServices } from "../../services.ts";
import { findTenantOfEmail, markBounced } from "../../store/email-deliveries.ts";

/** What the mail service is called in the audit log. */
const MAIL_SERVICE = "mail-server";

export interface Bounce {
  readonly id: EmailId;
  /** Without an address or a token. */
  readonly reason: string;
}

/** @throws AppError `NOT_FOUND` for a mail that is none of ours */
export async function recordBounce(services: UserServices, { id, reason }: Bounce): Promise<void> {
  const { database, clock } = services;
  const tenantId = await findTenantOfEmail(database.autocommit, id);
  if (tenantId === undefined) throw new AppError("NOT_FOUND", "There is no such mail.");
  const causation = causedByService(MAIL_SERVICE);
  await runCommand(services, { tenants: [tenantId], causation }, async ({ tx, emit }) => {
    const bounced = await markBounced(tx, id, reason, clock.now());
    if (bounced === undefined) return;
    const { attempts, ...mail } = bounced;
    emit(emailBounced({ id, tenantId, ...mail }, attempts, reason));
  });
}
