/** Where a viewer's open subscriptions are looked up and closed; this one knows its own gateway only. */
import { type Entry, entryOf } from "./entry.ts";
import type { LocalSubscriptionRegistry } from "./subscription-registry.ts";

export interface Listing {
  readonly entries: readonly Entry[];
  /** `false`: other gateways could not be asked. */
  readonly complete: boolean;
}

export interface Directory {
  list(userId: string): Promise<Listing>;
  /**
   * @returns whether the user had such a subscription; it is closed then
   * @throws AppError `SERVICE_UNAVAILABLE` when the gateway that may hold it does not answer
   */
  close(userId: string, id: string): Promise<boolean>;
}

export function createOwnDirectory(subscriptionRegistry: LocalSubscriptionRegistry): Directory {
  return {
    list: async (userId) => ({ entries: subscriptionRegistry.of(userId).map(entryOf), complete: true }),
    close: async (userId, id) => closeOwn(subscriptionRegistry, userId, id),
  };
}

export function closeOwn(subscriptionRegistry: LocalSubscriptionRegistry, userId: string, id: string): boolean {
  const row = subscriptionRegistry.find(userId, id);
  row?.subscription.close();
  return row !== undefined;
}
