/** Asks whoever reads the new address of an account whether it is theirs. */
import { CHANGE_CONFIRMATION_TOKEN, mintToken } from "../../credentials/opaque-token.ts";
import { EMAIL_CHANGE_LIFETIME_MS } from "../../domain/email-change.ts";
import { UserId } from "../../domain/ids.ts";
import type { User } from "../../domain/user.ts";
import { findEmailChange, insertEmailChangeToken } from "../../store/email-changes.ts";
import { findUser, findUserByEmail } from "../../store/users.ts";
import type { ComposedMail, MailKind } from "../mail-kind.ts";

export const emailChangeConfirmation: MailKind = {
  template: "email_change_confirmation",
  about: "userId",
  withinMs: EMAIL_CHANGE_LIFETIME_MS,
  async compose(tx, regardingId, { now, linkTo }) {
    const user = await findUser(tx, UserId.require(regardingId));
    if (user?.status !== "ACTIVE") return undefined;
    const change = await findEmailChange(tx, user.id);
    if (change?.approvedAt == null || change.completedAt !== null || change.expiresAt <= now) return undefined;
    const owner = await findUserByEmail(tx, change.email);
    if (owner !== undefined) return addressTaken(owner, linkTo("/sign-in"));
    const { token, hash } = mintToken(CHANGE_CONFIRMATION_TOKEN, user.id);
    await insertEmailChangeToken(tx, { change, tokenHash: hash, createdAt: now });
    return {
      to: change.email,
      reader: user,
      words: { template: "email_change_confirmation", values: { displayName: user.displayName } },
      url: linkTo("/confirm-email-change", token),
    };
  },
};

function addressTaken(owner: User, signIn: string): ComposedMail {
  return {
    to: owner.email,
    reader: owner,
    words: { template: "address_taken", values: {} },
    url: signIn,
  };
}
