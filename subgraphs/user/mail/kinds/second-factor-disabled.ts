/** Tells the owner of an account that signing in takes no code any more: it may not have been the owner. */
import { UserId } from "../../domain/ids.ts";
import { findUser } from "../../store/users.ts";
import type { MailKind } from "../mail-kind.ts";

export const secondFactorDisabled: MailKind = {
  template: "second_factor_disabled",
  about: "userId",
  async compose(tx, regardingId, { linkTo }) {
    const user = await findUser(tx, UserId.require(regardingId));
    if (user?.status !== "ACTIVE") return undefined;
    return {
      to: user.email,
      parts: {
        subject: "Signing in takes your password alone",
        greeting: `Hello ${user.displayName},`,
        paragraphs: [
          "the second factor of your account was taken away. If it was not you, choose another password now:",
        ],
        link: { label: "Choose a new password", url: linkTo("/forgot-password") },
      },
    };
  },
};
