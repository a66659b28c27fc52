/** The outbox of a subgraph: where its events come from and go to follows from its name, in each of its processes. */
import { createOutbox, type Outbox, type OutboxOptions } from "../events/outbox.ts";
import { sourceOf, topicOf } from "./subgraph-definition.ts";

export function outboxOf(name: string, options: Pick<OutboxOptions, "contracts" | "clock" | "ids" | "relay">): Outbox {
  return createOutbox({ ...options, source: sourceOf(name), topic: topicOf(name) });
}
