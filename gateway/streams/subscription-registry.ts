/**
 * The registry of this gateway's open subscriptions, by user. Each costs two map entries, and an event costs nothing.
 */
import type { Clock } from "../../platform/clock.ts";
import type { IdSource } from "../../platform/ids.ts";
import type { OpenSubscription, SubscriptionRegistry } from "../ports.ts";

export interface RegisteredSubscription {
  readonly id: string;
  readonly startedAt: Date;
  readonly subscription: OpenSubscription;
}

export interface LocalSubscriptionRegistry extends SubscriptionRegistry {
  of(userId: string): readonly RegisteredSubscription[];
  find(userId: string, id: string): RegisteredSubscription | undefined;
  users(): readonly string[];
  /** Called when a subscription of the user came or went. */
  onChange(listener: (userId: string, id: string) => void): void;
}

/** Prefix of a live subscription's id. */
export const ID_PREFIX = "lsu";

export function createSubscriptionRegistry({
  ids,
  clock,
}: {
  readonly ids: IdSource;
  readonly clock: Clock;
}): LocalSubscriptionRegistry {
  const users = new Map<string, Map<string, RegisteredSubscription>>();
  let tell: (userId: string, id: string) => void = () => undefined;

  return {
    register(subscription) {
      const { userId } = subscription;
      const id = ids.next(ID_PREFIX);
      const rows = users.get(userId) ?? new Map<string, RegisteredSubscription>();
      users.set(userId, rows.set(id, { id, startedAt: clock.now(), subscription }));
      tell(userId, id);
      return () => {
        rows.delete(id);
        // A user who left and came back has another map by now.
        if (rows.size === 0 && users.get(userId) === rows) users.delete(userId);
        tell(userId, id);
      };
    },
    of: (userId) => [...(users.get(userId)?.values() ?? [])],
    find: (userId, id) => users.get(userId)?.get(id),
    users: () => [...users.keys()],
    onChange(listener) {
      tell = listener;
    },
  };
}
