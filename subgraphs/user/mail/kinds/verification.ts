/** Confirms an address by a link. Each attempt has a token of its own, and all of them work until one is used. */
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
    if (user?.status !== "PENDING_VERIFICATION") return undefined;
    const { token, hash } = mintToken(VERIFICATION_TOKEN, user.id);
    const expiresAt = new Date(now.getTime() + VERIFICATION_LIFETIME_MS);
    await insertVerification(tx, { tokenHash: hash, userId: user.id, createdAt: now, expiresAt });
    return {
      to: user.email,
      parts: {
        subject: "Confirm your e-mail address",
        greeting: `Hello ${user.displayName},`,
        paragraphs: ["welcome to Tributary. Confirm your e-mail address to sign in:"],
        link: { label: "Confirm e-mail address", url: linkTo("/verify", token) },
        footnote: "The link works once, for 24 hours. If you did not open an account, ignore this mail.",
      },
    };
  },
};
