/** Asks whoever reads the present address of an account whether it may move to another one. */
import { CHANGE_APPROVAL_TOKEN, mintToken } from "../../credentials/opaque-token.ts";
import { EMAIL_CHANGE_LIFETIME_MS } from "../../domain/email-change.ts";
import { UserId } from "../../domain/ids.ts";
import { findEmailChange, insertEmailChangeToken } from "../../store/email-changes.ts";
import { findUser } from "../../store/users.ts";
import type { MailKind } from "../mail-kind.ts";

export const emailChangeApproval: MailKind = {
  template: "email_change_approval",
  about: "userId",
  withinMs: EMAIL_CHANGE_LIFETIME_MS,
  async compose(tx, regardingId, { now, linkTo }) {
    const user = await findUser(tx, UserId.require(regardingId));
    if (user?.status !== "ACTIVE") return undefined;
    const change = await findEmailChange(tx, user.id);
    if (change === undefined || change.approvedAt !== null || change.expiresAt <= now) return undefined;
    const { token, hash } = mintToken(CHANGE_APPROVAL_TOKEN, user.id);
    await insertEmailChangeToken(tx, { change, tokenHash: hash, createdAt: now });
    return {
      to: user.email,
      parts: {
        subject: "Your account is to have another address",
        greeting: `Hello ${user.displayName},`,
        paragraphs: [
          `somebody, probably you, asked to move your account to ${change.email}. Agree here, and we write to that address:`,
        ],
        link: { label: "Agree", url: linkTo("/confirm-email-change", token) },
        footnote:
          "If it was not you, do not agree, and choose a new password now: whoever asked knows the one that you have.",
      },
    };
  },
};
