/**
 * What a kind of mail is: one file in `kinds/`. An event calls for it by a route in `consumers.ts`. From then on it is
 * known by its id and by what it is about. Whom it goes to, its words and its token are made when it is sent.
 */
import type { TopicOfUser } from "../domain/email-subscription.ts";
import type { User } from "../domain/user.ts";
import type { UserTransaction } from "../store/database.ts";
import type { Words } from "./template-values.ts";

export interface MailKind {
  /** Stored and published: never change it. */
  readonly template: string;
  /** Member of the event's data that names what the mail is about. */
  readonly about: "userId" | "organizationId" | "invitationId" | "membershipId";
  /** An event that is older, in milliseconds, no longer calls for it. Default: any does. */
  readonly withinMs?: number;
  /**
   * Writes it, storing the hash of a token that it carries. Asked once per attempt.
   * @param regardingId as `about` named it
   * @returns `undefined` when nothing calls for it any more
   */
  compose(tx: UserTransaction, regardingId: string, writing: MailWriting): Promise<ComposedMail | undefined>;
}

/** In whose language and time zone a mail is written. */
export type Reader = Pick<User, "locale" | "timeZone">;

export interface ComposedMail {
  readonly to: string;
  /** `undefined`: nobody knows who reads it. */
  readonly reader: Reader | undefined;
  readonly words: Words;
  /** Where its link leads. */
  readonly url: string;
  /** Mails that their reader may do without; absent: this one is needed. */
  readonly optional?: TopicOfUser;
}

/** What the writing of a mail takes beside rows. */
export interface MailWriting {
  readonly now: Date;
  /** As they were kept when it was called for; null: nothing was. */
  readonly facts: unknown;
  /** Address in the web client, whatever host a request named. @param token shown once, to the reader */
  linkTo(path: string, token?: string): string;
}
