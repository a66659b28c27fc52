/** Statements on which mails a person takes. What is stored is what they do not take. */
import { EmailTopic } from "../../../schema/generated/user.ts";
import type { EmailSubscription, TopicOfUser } from "../domain/email-subscription.ts";
import type { UserId } from "../domain/ids.ts";
import type { UserTransaction } from "./database.ts";
import { tables } from "./tables.ts";

/** One per topic. */
export async function findEmailSubscriptions(tx: UserTransaction, userId: UserId): Promise<EmailSubscription[]> {
  const rows = await tables(tx).unsubscribedTopic.findMany({ where: { userId }, select: { topic: true } });
  const refused = new Set(rows.map(({ topic }) => topic));
  return EmailTopic.map((topic) => ({ topic, subscribed: !refused.has(topic) }));
}

export async function isSubscribed(tx: UserTransaction, { userId, topic }: TopicOfUser): Promise<boolean> {
  return (await tables(tx).unsubscribedTopic.count({ where: { userId, topic } })) === 0;
}

/** @returns false when it was so before */
export async function unsubscribe(tx: UserTransaction, mails: TopicOfUser, since: Date): Promise<boolean> {
  const { count } = await tables(tx).unsubscribedTopic.createMany({
    data: [{ ...mails, since }],
    skipDuplicates: true,
  });
  return count === 1;
}

/** @returns false when it was so before */
export async function subscribe(tx: UserTransaction, mails: TopicOfUser): Promise<boolean> {
  const { count } = await tables(tx).unsubscribedTopic.deleteMany({ where: mails });
  return count === 1;
}
