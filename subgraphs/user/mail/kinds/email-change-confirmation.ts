/** Asks whoever reads the new address of an account whether it is theirs. */
import { CHANGE_CONFIRMATION_TOKEN, mintToken } from "../../credentials/opaque-token.ts";
import { EMAIL_CHANGE_LIFETIME_MS } from "../../domain/email-change.ts";
import { UserId } from "../../domain/ids.ts";
import { findEmailChange, insertEmailChangeToken } from "../../store/email-changes.ts";
import { findUser, findUserByEmail } from "../../store/users.ts";
import type { MailKind } from "../mail-kind.ts";

export const emailChangeConfirmation: MailKind = {
  template: "email_change_confirmation",
  about: "userId",
  withinMs: EMAIL_CHANGE_LIFETIME_MS,
  async compose(tx, regardingId, { now, linkTo }) {
    const user = await findUser(tx, UserId.require(regardingId));
    if (user?.status !== "ACTIVE") return undefined;
    const change = await findEmailChange(tx, user.id);
    if (change?.approvedAt == null || change.completedAt !== null || change.expiresAt <= now) return undefined;
    if ((await findUserByEmail(tx, change.email)) !== undefined) return addressTaken(change.email, linkTo("/sign-in"));
    const { token, hash } = mintToken(CHANGE_CONFIRMATION_TOKEN, user.id);
    await insertEmailChangeToken(tx, { change, tokenHash: hash, createdAt: now });
    return {
      to: change.email,
      parts: {
        subject: "Confirm your new address",
        greeting: `Hello ${user.displayName},`,
        paragraphs: [
          "your account is to have this address. Confirm that it is yours, and sign in with it from then on:",
        ],
        link: { label: "Confirm the address", url: linkTo("/confirm-email-change", token) },
        footnote: "If you do not know of it, ignore this mail: nothing was changed.",
      },
    };
  },
};

function addressTaken(to: string, signIn: string) {
  return {
    to,
    parts: {
      subject: "This address has an account already",
      greeting: "Hello,",
      paragraphs: [
        "somebody, probably you, asked to move another account to this address. It has an account of its own, so nothing was changed.",
      ],
      link: { label: "Sign in", url: signIn },
      footnote: "If it was not you, there is nothing to do.",
    },
  };
}
