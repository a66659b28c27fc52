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
      reader: user,
      words: { template: "account_exists", values: { displayName: user.displayName } },
      url: linkTo("/sign-in"),
    };
  },
};
