/** Lets somebody choose a new password by a link. Each attempt has a token of its own. */
import { mintToken, RESET_TOKEN } from "../../credentials/opaque-token.ts";
import { UserId } from "../../domain/ids.ts";
import { RESET_LIFETIME_MS } from "../../domain/user.ts";
import { insertPasswordReset } from "../../store/password-resets.ts";
import { findUser } from "../../store/users.ts";
import type { MailKind } from "../mail-kind.ts";

export const passwordReset: MailKind = {
  template: "password_reset",
  about: "userId",
  // Whoever asked an hour ago waits no longer.
  withinMs: RESET_LIFETIME_MS,
  async compose(tx, regardingId, { now, linkTo }) {
    const user = await findUser(tx, UserId.require(regardingId));
    if (user?.status !== "ACTIVE" && user?.status !== "PENDING_VERIFICATION") return undefined;
    const { token, hash } = mintToken(RESET_TOKEN, user.id);
    const expiresAt = new Date(now.getTime() + RESET_LIFETIME_MS);
    await insertPasswordReset(tx, { tokenHash: hash, userId: user.id, createdAt: now, expiresAt });
    return {
      to: user.email,
      reader: user,
      words: { template: "password_reset", values: {} },
      url: linkTo("/reset-password", token),
    };
  },
};
