/** Greets a person whose address is confirmed. */
import { UserId } from "../../domain/ids.ts";
import { findUser } from "../../store/users.ts";
import type { MailKind } from "../mail-kind.ts";

export const welcome: MailKind = {
  template: "welcome",
  about: "userId",
  async compose(tx, regardingId, { linkTo }) {
    const user = await findUser(tx, UserId.require(regardingId));
    if (user?.status !== "ACTIVE") return undefined;
    return {
      to: user.email,
      parts: {
        subject: "Welcome to Tributary",
        greeting: `Hello ${user.displayName},`,
        paragraphs: ["your e-mail address is confirmed. You can sign in now and create your first organisation:"],
        link: { label: "Sign in", url: linkTo("/sign-in") },
      },
    };
  },
};
