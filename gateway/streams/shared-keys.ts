/** What gateways share in Redis: names of keys and channels, and the messages that go over them. */
import { z } from "zod";

export interface SharedKeys {
  /** Sorted set of gateways by when they were last heard of, in milliseconds since 1970. */
  readonly gateways: string;
  /** Hash of one user's subscriptions on one gateway: id → entry as JSON. Lives as long as the gateway renews it. */
  subscriptions(userId: string, gatewayId: string): string;
  /** Every gateway hears it. */
  readonly closeChannel: string;
  /** Heard by the gateway that asked. */
  answerChannel(gatewayId: string): string;
}

/** @param prefix gateways of one installation have the same, and see nothing of those of another */
export function sharedKeys(prefix: string): SharedKeys {
  return {
    gateways: `${prefix}:streams:gateways`,
    subscriptions: (userId, gatewayId) => `${prefix}:streams:${userId}:${gatewayId}`,
    closeChannel: `${prefix}:streams:close`,
    answerChannel: (gatewayId) => `${prefix}:streams:answers:${gatewayId}`,
  };
}

export const closeRequestSchema = z.object({
  requestId: z.string(),
  /** Gateway that asks. */
  from: z.string(),
  userId: z.string(),
  id: z.string(),
});

export const closeAnswerSchema = z.object({ requestId: z.string(), closed: z.boolean() });
