/** Tells the owner of an account that its password is another one: it may not have been the owner. */
import { UserId } from "../../domain/ids.ts";
import { findUser } from "../../store/users.ts";
import type { MailKind } from "../mail-kind.ts";

export const passwordChanged: MailKind = {
  template: "password_changed",
  about: "userId",
  async compose(tx, regardingId, { linkTo }) {
    const user = await findUser(tx, UserId.require(regardingId));
    if (user?.status !== "ACTIVE") return undefined;
    return {
      to: user.email,
      parts: {
        subject: "Your password was changed",
        greeting: `Hello ${user.displayName},`,
        paragraphs: ["your account has a new password. If it was not you, choose another one now:"],
        link: { label: "Choose a new password", url: linkTo("/forgot-password") },
      },
    };
  },
};
