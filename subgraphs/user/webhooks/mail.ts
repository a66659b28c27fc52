/**
 * The webhook of the mail service, `POST /webhooks/user/mail`: a mail that was taken bounced. MAIL.md says how to
 * call it.
 */
import { z } from "zod";
import { AppError } from "../../../platform/errors/app-error.ts";
import { snakeCase } from "../../../platform/validation/snake-case.ts";
import { cleanLine } from "../../../platform/validation/text/clean-line.ts";
import type { InboundWebhook } from "../../../platform/webhooks/webhook.ts";
import { requireSigned } from "../../../platform/webhooks/webhook-signature.ts";
import { recordBounce } from "../commands/mails/record-bounce.ts";
import { EmailId } from "../domain/ids.ts";
import type { UserServices } from "../services.ts";

/** A mail service tells more than this, and of more than bounces. */
const report = snakeCase(z.object({ event: z.string(), messageId: z.string(), reason: z.string().optional() }));

const MAX_REASON = 200;
const NO_REASON = "The mail came back.";

/** @param secrets that sign its calls */
export function createMailWebhook(services: UserServices, secrets: readonly string[]): InboundWebhook {
  return {
    name: "mail",
    async receive(request) {
      requireSigned(secrets, request);
      const { event, messageId, reason } = report.read(parseJson(request.body));
      if (event !== "bounced") return undefined;
      await recordBounce(services, { id: requireEmailId(messageId), reason: withoutAddresses(reason ?? "") });
      return undefined;
    },
  };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new AppError("BAD_REQUEST", "The body is not valid JSON.");
  }
}

/** `<eml_…@domain>`, as the mail's header `Message-ID` has it. */
function requireEmailId(messageId: string): EmailId {
  const id = EmailId.from(/^<?(eml_[^@>]+)/.exec(messageId)?.[1] ?? "");
  if (id !== undefined) return id;
  throw new AppError("BAD_USER_INPUT", "message_id: it is the `Message-ID` of a mail of ours, such as <eml_…@…>.");
}

/** Whoever reads an organisation's mails reads it. */
function withoutAddresses(reason: string): string {
  const text = cleanLine(
    reason
      .slice(0, 4 * MAX_REASON)
      .toWellFormed()
      .replaceAll(/<?[^\s<>@]+@[^\s<>@]+>?/g, "<…>"),
  );
  return text === "" ? NO_REASON : [...text].slice(0, MAX_REASON).join("");
}
