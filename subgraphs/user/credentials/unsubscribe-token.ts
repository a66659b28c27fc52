/**
 * Tokens of the links by which a reader gets no more mails of a topic. Nothing is stored for them: what they say is
 * sealed. They work as long as the installation keeps the secret that sealed them.
 */
import { z } from "zod";
import type { TextSeal } from "../../../platform/auth/text-seal.ts";
import { EmailTopic } from "../../../schema/generated/user.ts";
import type { TopicOfUser } from "../domain/email-subscription.ts";
import { UserId } from "../domain/ids.ts";

const PREFIX = "tru_";
const OWNER = "reader";

const content = z.object({ userId: UserId.schema, topic: z.enum(EmailTopic) });

export function unsubscribeToken(seal: TextSeal, { userId, topic }: TopicOfUser): string {
  return `${PREFIX}${seal.seal(JSON.stringify({ userId, topic }), OWNER)}`;
}

/** @returns undefined for what is no such token, or none of this installation */
export function readUnsubscribeToken(seal: TextSeal, token: string): TopicOfUser | undefined {
  if (!token.startsWith(PREFIX)) return undefined;
  try {
    return content.parse(JSON.parse(seal.open(token.slice(PREFIX.length), OWNER)));
  } catch {
    return undefined;
  }
}
