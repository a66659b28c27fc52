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
      reader: user,
      words: { template: "email_change_approval", values: { displayName: user.displayName, newAddress: change.email } },
      url: linkTo("/confirm-email-change", token),
    };
  },
};
