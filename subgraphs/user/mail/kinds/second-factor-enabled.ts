/** Tells the owner of an account that signing in takes a code from now on: it may not have been the owner. */
import { UserId } from "../../domain/ids.ts";
import { findUser } from "../../store/users.ts";
import type { MailKind } from "../mail-kind.ts";

export const secondFactorEnabled: MailKind = {
  template: "second_factor_enabled",
  about: "userId",
  async compose(tx, regardingId, { linkTo }) {
    const user = await findUser(tx, UserId.require(regardingId));
    if (user?.status !== "ACTIVE") return undefined;
    return {
      to: user.email,
      parts: {
        subject: "Signing in takes a second factor now",
        greeting: `Hello ${user.displayName},`,
        paragraphs: [
          "signing in to your account takes a code of your authenticator app from now on. If it was not you, choose another password now, and ask those who run this platform to take the app away:",
        ],
        link: { label: "Choose a new password", url: linkTo("/forgot-password") },
      },
    };
  },
};
