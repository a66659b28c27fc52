/** Where events of the user subgraph come from and go to, the same for each of its processes. */
import { createOutbox, type Outbox, type OutboxOptions } from "../../platform/events/outbox.ts";

export const USER_TOPIC = "user.events";

export function createUserOutbox(options: Pick<OutboxOptions, "contracts" | "clock" | "ids">): Outbox {
  return createOutbox({ ...options, source: "/tributary/user", topic: USER_TOPIC });
}
