/**
 * One-click unsubscription (RFC 8058), `POST /webhooks/user/unsubscribe?token=…`: mail programs call the address that a
 * mail's header `List-Unsubscribe` names. A browser that opens it is shown the web client's page.
 */
import { AppError } from "../../../platform/errors/app-error.ts";
import { UserFailure } from "../../../platform/errors/user-failure.ts";
import { causedByService } from "../../../platform/events/service-causation.ts";
import type { InboundWebhook } from "../../../platform/webhooks/webhook.ts";
import { unsubscribeEmail } from "../commands/mails/unsubscribe-email.ts";
import type { UserServices } from "../services.ts";

/** What the reader's mail program is called in the audit log. */
const MAIL_PROGRAM = "mail-program";

export function createUnsubscribeWebhook(services: UserServices): InboundWebhook {
  return {
    name: "unsubscribe",
    async receive({ query }) {
      const token = query.get("token") ?? "";
      try {
        await unsubscribeEmail(services, { causation: causedByService(MAIL_PROGRAM) }, { token });
        return undefined;
      } catch (error) {
        if (error instanceof UserFailure) throw new AppError("NOT_FOUND", "This link is no longer valid.");
        throw error;
      }
    },
  };
}
