import type { EmailTopic } from "../../../schema/generated/user.ts";
import type { UserId } from "./ids.ts";

/** Mails of one topic to one person. */
export interface TopicOfUser {
  readonly userId: UserId;
  readonly topic: EmailTopic;
}

/** Whether a person takes the mails of a topic. */
export interface EmailSubscription {
  readonly topic: EmailTopic;
  readonly subscribed: boolean;
}
