/** Where events of the user subgraph come from and go to, the same for each of its processes. */
import { createOutbox, type Outbox, type OutboxOptions } from "../../platform/events/outbox.ts";
import { sourceOf, topicOf } from "../../platform/graphql/subgraph-definition.ts";
import { NAME } from "./subgraph-name.ts";

export const USER_TOPIC = topicOf(NAME);

export function createUserOutbox(options: Pick<OutboxOptions, "contracts" | "clock" | "ids">): Outbox {
  return createOutbox({ ...options, source: sourceOf(NAME), topic: USER_TOPIC });
}
