/**
 * Replays: a dead letter is given once more to the consumer that gave up on it, and to no other. The request is a
 * record in a topic of that consumer alone; how it ended is a record beside the dead letters.
 */
import { z } from "zod";
import type { KeyOwner } from "../auth/principal-ids.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import { carriedTextSchema } from "./carried-text.ts";
import type { Outbox } from "./outbox.ts";

/** Where a group takes its replays from. */
export function replayTopic(group: string): string {
  return `${group}.replays`;
}

const replayRequestSchema = carriedTextSchema.extend({
  id: z.uuid(),
  letterId: z.string(),
  consumer: z.string(),
  /** Where the event came from. */
  topic: z.string(),
  partition: z.int().nonnegative(),
  offset: z.string(),
  key: z.string(),
  /** When the consumer first gave up on it. */
  failedAt: z.iso.datetime(),
  /** Also when something newer of its aggregate was applied meanwhile. */
  force: z.boolean(),
});

export type ReplayRequest = z.infer<typeof replayRequestSchema>;

export const replayOutcomeSchema = z.object({
  kind: z.literal("replay"),
  /** Of the request. */
  id: z.uuid(),
  letterId: z.string(),
  /**
   * `APPLIED`: its effect is there, by this replay or by an earlier one. `SUPERSEDED`: something newer of its aggregate
   * was applied meanwhile. `FAILED`: it failed again.
   */
  outcome: z.enum(["APPLIED", "SUPERSEDED", "FAILED"]),
  /** Of this replay. */
  attempts: z.int().nonnegative(),
  /** Null when it was applied. */
  error: z.string().nullable(),
  at: z.iso.datetime(),
});

export type ReplayOutcome = z.infer<typeof replayOutcomeSchema>;

/** @throws Error for text that is no request */
export function parseReplayRequest(text: string): ReplayRequest {
  return replayRequestSchema.parse(JSON.parse(text));
}

const REQUEST = `
  INSERT INTO outbox (event_id, topic, tenant_id, envelope)
  SELECT event_id, topic, tenant_id, envelope
  FROM json_to_recordset($1::json) AS request (n int, event_id uuid, topic text, tenant_id text, envelope text)
  ORDER BY n`;

/**
 * Asks for replays in the transaction of what else is changed by that; the relay sends the requests on. The
 * transaction's tenants must include every owner.
 * @param outbox of the subgraph whose database it is
 * @param requests each with the owner that orders it among others
 */
export async function requestReplays(
  tx: SqlTransaction,
  outbox: Pick<Outbox, "wakeAfterCommit">,
  requests: readonly { readonly owner: KeyOwner; readonly request: ReplayRequest }[],
): Promise<void> {
  const rows = requests.map(({ owner, request }, n) => ({
    n,
    event_id: request.id,
    topic: replayTopic(request.consumer),
    tenant_id: owner,
    envelope: JSON.stringify(request),
  }));
  await tx.$executeRawUnsafe(REQUEST, JSON.stringify(rows));
  outbox.wakeAfterCommit();
}
