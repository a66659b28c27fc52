/** What gateways share in Redis: names of keys and channels, and the messages that go over them. */
import { z } from "zod";

/** Sorted set of gateways by when they were last heard of, in milliseconds since 1970. */
export const GATEWAYS = "tributary:streams:gateways";

/** Hash of one user's subscriptions on one gateway: id → entry as JSON. Lives as long as the gateway renews it. */
export const subscriptionsKey = (userId: string, gatewayId: string) => `tributary:streams:${userId}:${gatewayId}`;

/** Every gateway hears it. */
export const CLOSE_CHANNEL = "tributary:streams:close";

/** Heard by the gateway that asked. */
export const answerChannel = (gatewayId: string) => `tributary:streams:answers:${gatewayId}`;

export const closeRequestSchema = z.object({
  requestId: z.string(),
  /** Gateway that asks. */
  from: z.string(),
  userId: z.string(),
  id: z.string(),
});

export const closeAnswerSchema = z.object({ requestId: z.string(), closed: z.boolean() });
