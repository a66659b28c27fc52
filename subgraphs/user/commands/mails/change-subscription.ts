/** Makes a person take the mails of a topic, or no more. What is so already is no event. */
import type { CommandScope } from "../../../../platform/database/command.ts";
import type { EmailSubscription, TopicOfUser } from "../../domain/email-subscription.ts";
import { emailSubscriptionChanged } from "../../domain-events.ts";
import type { UserTransaction } from "../../store/database.ts";
import { subscribe, unsubscribe } from "../../store/email-subscriptions.ts";
import { findUser, lockUser } from "../../store/users.ts";

/** @returns false when there is no such account (any more) */
export async function changeSubscription(
  { tx, emit }: CommandScope<UserTransaction>,
  { userId, topic, subscribed }: TopicOfUser & EmailSubscription,
  now: Date,
): Promise<boolean> {
  await lockUser(tx, userId);
  const user = await findUser(tx, userId);
  if (user?.status !== "ACTIVE") return false;
  const mails = { userId, topic };
  const changed = await (subscribed ? subscribe(tx, mails) : unsubscribe(tx, mails, now));
  if (changed) emit(emailSubscriptionChanged(userId, user.version, { topic, subscribed }));
  return true;
}
