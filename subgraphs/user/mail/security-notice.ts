/**
 * A mail that tells the owner of an account what was changed about signing in: it may not have been the owner. Its link
 * leads to another password.
 */
import { UserId } from "../domain/ids.ts";
import { findUser } from "../store/users.ts";
import type { MailKind } from "./mail-kind.ts";

export interface SecurityNotice extends Pick<MailKind, "template"> {
  readonly subject: string;
  /** What was changed, and what to do when it was somebody else. */
  readonly paragraph: string;
}

export function securityNotice({ template, subject, paragraph }: SecurityNotice): MailKind {
  return {
    template,
    about: "userId",
    async compose(tx, regardingId, { linkTo }) {
      const user = await findUser(tx, UserId.require(regardingId));
      if (user?.status !== "ACTIVE") return undefined;
      return {
        to: user.email,
        parts: {
          subject,
          greeting: `Hello ${user.displayName},`,
          paragraphs: [paragraph],
          link: { label: "Choose a new password", url: linkTo("/forgot-password") },
        },
      };
    },
  };
}
