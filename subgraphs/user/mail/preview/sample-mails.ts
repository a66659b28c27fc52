/** One mail of each template, with values that somebody might have. */
import type { MailToRender } from "../render-mail.ts";
import type { TemplateName, Words } from "../template-values.ts";

const reader = { displayName: "Ada Lovelace" };
const organization = "Analytical Engines";
const amount = { amountMinor: 4_900n, currency: "EUR", exponent: 2 };

export const SAMPLE_WORDS: readonly Words[] = [
  { template: "account_exists", values: reader },
  { template: "address_confirmed", values: reader },
  { template: "address_taken", values: {} },
  { template: "email_change_approval", values: { ...reader, newAddress: "ada@analytical.example" } },
  { template: "email_change_confirmation", values: reader },
  { template: "invitation", values: { inviter: "Grace Hopper", organization } },
  { template: "organization_deletion", values: { ...reader, organization, day: new Date("2027-01-31T12:00:00Z") } },
  { template: "organization_welcome", values: { ...reader, organization } },
  { template: "passkey_added", values: reader },
  { template: "passkey_removed", values: reader },
  { template: "password_changed", values: reader },
  { template: "password_reset", values: {} },
  { template: "payment_failed", values: { ...reader, organization, amount } },
  { template: "plan_ended", values: { ...reader, organization } },
  { template: "plan_ended_unpaid", values: { ...reader, organization } },
  { template: "plan_past_due", values: { ...reader, organization } },
  {
    template: "receipt",
    values: { ...reader, organization, number: "2026-000042", amount, credit: { ...amount, amountMinor: 1_250n } },
  },
  { template: "second_factor_disabled", values: reader },
  { template: "second_factor_enabled", values: reader },
  { template: "verification", values: {} },
  { template: "welcome", values: reader },
];

/** Templates of mails that their reader may do without. */
const OPTIONAL: readonly TemplateName[] = ["welcome", "organization_welcome"];

/** @param locale of its reader (BCP 47). @param webClientUrl where links lead */
export function sampleMail(words: Words, locale: string, webClientUrl: string): MailToRender {
  const linkTo = (path: string) => new URL(`${path}?token=sample`, webClientUrl).href;
  const isOptional = OPTIONAL.includes(words.template);
  return {
    reader: { locale, timeZone: null },
    words,
    url: linkTo("/sign-in"),
    unsubscribeUrl: isOptional ? linkTo("/unsubscribe") : undefined,
  };
}
