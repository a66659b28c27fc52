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
      reader: user,
      words: { template: "welcome", values: { displayName: user.displayName } },
      url: linkTo("/sign-in"),
      optional: { userId: user.id, topic: "GETTING_STARTED" },
    };
  },
};
