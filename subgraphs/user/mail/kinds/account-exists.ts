/** Tells the owner of an account that somebody tried to open another one with its address. */
import { UserId } from "../../domain/ids.ts";
import { findUser } from "../../store/users.ts";
import type { MailKind } from "../mail-kind.ts";

export const accountExists: MailKind = {
  template: "account_exists",
  about: "userId",
  async compose(tx, regardingId, { linkTo }) {
    const user = await findUser(tx, UserId.require(regardingId));
    if (user?.status !== "ACTIVE") return undefined;
    return {
      to: user.email,
      parts: {
        subject: "You already have an account",
        greeting: `Hello ${user.displayName},`,
        paragraphs: [
          "somebody, probably you, tried to open an account with this address. It has one already: sign in instead.",
        ],
        link: { label: "Sign in", url: linkTo("/sign-in") },
        footnote: "If it was not you, there is nothing to do: nothing was changed.",
      },
    };
  },
};
