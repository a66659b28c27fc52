/**
 * A mail that tells the owner of an account what was changed about signing in: it may not have been the owner. Its link
 * leads to another password.
 */
import { UserId } from "../domain/ids.ts";
import { findUser } from "../store/users.ts";
import type { MailKind } from "./mail-kind.ts";

/** Mails of these templates name whoever reads them, and nothing else. */
type SecurityNotice =
  | "passkey_added"
  | "passkey_removed"
  | "password_changed"
  | "second_factor_disabled"
  | "second_factor_enabled";

export function securityNotice(template: SecurityNotice): MailKind {
  return {
    template,
    about: "userId",
    async compose(tx, regardingId, { linkTo }) {
      const user = await findUser(tx, UserId.require(regardingId));
      if (user?.status !== "ACTIVE") return undefined;
      return {
        to: user.email,
        reader: user,
        words: { template, values: { displayName: user.displayName } },
        url: linkTo("/forgot-password"),
      };
    },
  };
}
