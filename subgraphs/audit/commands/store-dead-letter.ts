/**
 * Stores what a consumer gave up on, once however often it is told. What audit's own consumer could not record gets an
 * entry in the same transaction, so that the chain itself says what is missing.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { PLATFORM } from "../../../platform/auth/principal-ids.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { payloadOf, type DeadLetter as ReportedFailure } from "../../../platform/events/dead-letter.ts";
import type { Causation } from "../../../platform/events/envelope.ts";
import { ownerOfKey } from "../domain/dead-letter.ts";
import { eventUnrecorded } from "../domain-events.ts";
import type { AuditServices } from "../services.ts";
import { type ReportedLetter, storeLetter } from "../store/dead-letters.ts";
import { RECORDER } from "../subgraph-name.ts";
import { recordOwnEvents } from "./record-own-events.ts";

/** As much of an envelope as names the event, however broken the rest is. */
const namedEvent = z.object({
  id: z.uuid(),
  type: z.string().max(200).nullable().catch(null),
  sequence: z
    .string()
    .regex(/^[1-9]\d{0,17}$/)
    .nullable()
    .catch(null),
  correlationid: z.string().min(1).max(200).optional().catch(undefined),
});

type NamedEvent = z.infer<typeof namedEvent>;

/** @returns whether it was not known before */
export async function storeDeadLetter(
  services: Pick<AuditServices, "database" | "outbox" | "clock" | "ids" | "contracts">,
  failure: ReportedFailure,
): Promise<boolean> {
  const { database, ids, contracts } = services;
  const payload = payloadOf(failure);
  const event = readEvent(payload);
  const letter: ReportedLetter = {
    id: ids.next("dlt"),
    identity: identityOf(failure, payload, event),
    consumer: storable(failure.consumer),
    topic: storable(failure.topic),
    partition: failure.partition,
    offset: BigInt(failure.offset),
    key: storable(failure.key),
    eventId: event?.id.toLowerCase() ?? null,
    eventType: event?.type == null ? null : storable(event.type),
    eventSequence: event?.sequence == null ? null : BigInt(event.sequence),
    payload,
    complete: failure.encoding !== "cut",
    lastError: storable(failure.error),
    attempts: failure.attempts,
    failedAt: new Date(failure.failedAt),
  };
  const owner = ownerOfKey(letter.key);
  return inTenants(database, [PLATFORM, owner], async (tx) => {
    const isNew = await storeLetter(tx, letter);
    if (isNew && letter.consumer === RECORDER) {
      const reason = contracts.decodeEvent(payload).ok ? "FAILED" : "UNREADABLE";
      const causation: Causation = {
        actorKind: "SERVICE",
        actorId: "audit",
        correlationId: storable(event?.correlationid ?? ids.uuid()),
        hop: 0,
      };
      await recordOwnEvents(services, tx, [{ event: eventUnrecorded({ ...letter, failures: 1 }, reason), causation }]);
    }
    return isNew;
  });
}

function readEvent(payload: string): NamedEvent | undefined {
  try {
    return namedEvent.safeParse(JSON.parse(payload)).data;
  } catch {
    // No JSON: it is known by its place alone.
    return undefined;
  }
}

/**
 * An event that stands in the log twice fails twice, and is one letter. What is no event has nothing but its place;
 * the text is part of it, since a topic that was made anew counts from 0 again.
 */
function identityOf({ consumer, topic, partition, offset }: ReportedFailure, payload: string, event?: NamedEvent) {
  const digest = createHash("sha256").update(payload).digest("base64url");
  const place = event === undefined ? `${partition}:${offset}:` : "";
  return storable(`${consumer}:${topic}:${place}${digest}`);
}

/** Text that Postgres takes. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
