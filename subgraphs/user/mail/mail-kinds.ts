/** All kinds of mail, by the template that a request names. */
import { accountExists } from "./kinds/account-exists.ts";
import { emailChangeApproval } from "./kinds/email-change-approval.ts";
import { emailChangeConfirmation } from "./kinds/email-change-confirmation.ts";
import { invitation } from "./kinds/invitation.ts";
import { organizationDeletion } from "./kinds/organization-deletion.ts";
import { organizationWelcome } from "./kinds/organization-welcome.ts";
import { passkeyAdded } from "./kinds/passkey-added.ts";
import { passkeyRemoved } from "./kinds/passkey-removed.ts";
import { passwordChanged } from "./kinds/password-changed.ts";
import { passwordReset } from "./kinds/password-reset.ts";
import { paymentFailed } from "./kinds/payment-failed.ts";
import { planEnded } from "./kinds/plan-ended.ts";
import { planPastDue } from "./kinds/plan-past-due.ts";
import { receipt } from "./kinds/receipt.ts";
import { secondFactorDisabled } from "./kinds/second-factor-disabled.ts";
import { secondFactorEnabled } from "./kinds/second-factor-enabled.ts";
import { verification } from "./kinds/verification.ts";
import { welcome } from "./kinds/welcome.ts";
import type { MailKind } from "./mail-kind.ts";

const MAIL_KINDS: readonly MailKind[] = [
  accountExists,
  emailChangeApproval,
  emailChangeConfirmation,
  invitation,
  organizationDeletion,
  organizationWelcome,
  passkeyAdded,
  passkeyRemoved,
  passwordChanged,
  passwordReset,
  paymentFailed,
  planEnded,
  planPastDue,
  receipt,
  secondFactorDisabled,
  secondFactorEnabled,
  verification,
  welcome,
];

const byTemplate = new Map(MAIL_KINDS.map((kind) => [kind.template, kind]));

/** @throws Error for a template of another release */
export function requireMailKind(template: string): MailKind {
  const kind = byTemplate.get(template);
  if (kind === undefined) throw new Error(`there is no mail ${template}`);
  return kind;
}
