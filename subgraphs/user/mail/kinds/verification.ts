/**
 * Confirms an address by a link. Each attempt has a token of its own, and all of them work until one is used. It
 * repeats nothing that was chosen with the registration: that may have been somebody else's choice. Who has confirmed
 * the address already is told so.
 */
import { mintToken, VERIFICATION_TOKEN } from "../../credentials/opaque-token.ts";
import { UserId } from "../../domain/ids.ts";
import { VERIFICATION_LIFETIME_MS } from "../../domain/user.ts";
import { insertVerification } from "../../store/email-verifications.ts";
import { findUser } from "../../store/users.ts";
import type { MailKind } from "../mail-kind.ts";

export const verification: MailKind = {
  template: "verification",
  about: "userId",
  async compose(tx, regardingId, { now, linkTo }) {
    const user = await findUser(tx, UserId.require(regardingId));
    if (user?.status === "ACTIVE") {
      return {
        to: user.email,
        reader: user,
        words: { template: "address_confirmed", values: { displayName: user.displayName } },
        url: linkTo("/sign-in"),
      };
    }
    if (user?.status !== "PENDING_VERIFICATION") return undefined;
    const { token, hash } = mintToken(VERIFICATION_TOKEN, user.id);
    const expiresAt = new Date(now.getTime() + VERIFICATION_LIFETIME_MS);
    await insertVerification(tx, { tokenHash: hash, userId: user.id, createdAt: now, expiresAt });
    return {
      to: user.email,
      reader: user,
      words: { template: "verification", values: {} },
      url: linkTo("/verify", token),
    };
  },
};
