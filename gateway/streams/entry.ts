/** What is told about an open subscription beyond its own process. */
import { z } from "zod";
import type { RegisteredSubscription } from "./subscription-registry.ts";

export const entrySchema = z.object({
  id: z.string(),
  operationName: z.string().nullable(),
  field: z.string(),
  organizationId: z.string().nullable(),
  sessionId: z.string(),
  transport: z.enum(["WEBSOCKET", "SSE", "MULTIPART"]),
  /** RFC 3339. */
  startedAt: z.string(),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  delivered: z.number(),
});

export type Entry = z.infer<typeof entrySchema>;

export function entryOf({ id, startedAt, subscription }: RegisteredSubscription): Entry {
  const { operationName, field, organizationId, sessionId, transport, client } = subscription;
  return {
    id,
    operationName,
    field,
    organizationId,
    sessionId,
    transport,
    startedAt: startedAt.toISOString(),
    ip: client.ip ?? null,
    userAgent: client.userAgent ?? null,
    delivered: subscription.delivered(),
  };
}
