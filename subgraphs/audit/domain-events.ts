/** What audit says happened, as `schema/events/audit.*.json` describe it. */
import { OrganizationId } from "../../platform/auth/principal-ids.ts";
import { causedBy, type DomainEvent, type EventEnvelope, MAX_HOP } from "../../platform/events/envelope.ts";
import type { CausedEvent } from "../../platform/events/outbox.ts";
import type { PublishedDenial } from "../../platform/graphql/denial-reporter.ts";
import type { EventData } from "../../schema/generated/events.ts";
import type { AuditEntry } from "./domain/audit-entry.ts";
import { type DeadLetter, ownerOfKey } from "./domain/dead-letter.ts";
import type { JobRun } from "./domain/job-run.ts";

/**
 * An entry's announcement, caused by the event that it records. It causes nothing itself, so it may follow the longest
 * chain of events.
 */
export function announcementOf(entry: AuditEntry, event: EventEnvelope): CausedEvent {
  const causation = causedBy(event);
  return { event: entryRecorded(entry), causation: { ...causation, hop: Math.min(causation.hop, MAX_HOP) } };
}

function entryRecorded(entry: AuditEntry): DomainEvent {
  const { id, tenantId, organizationId, sequence, action, outcome, actorId, eventId, hash } = entry;
  const data: EventData["audit.entry.recorded.v1"] = {
    entryId: id,
    sequence: sequence.toString(),
    action,
    outcome,
    actorId,
    eventId,
    hash,
  };
  return {
    type: "audit.entry.recorded.v1",
    subject: id,
    // Entries never change.
    aggregateVersion: 1,
    key: tenantId,
    ...(organizationId === null ? {} : { organizationId }),
    data: { ...data },
  };
}

/** A member was refused: nothing changed. */
export function accessDenied({ organizationId, ...denied }: PublishedDenial): DomainEvent {
  const data: EventData["audit.access.denied.v1"] = { organizationId, ...denied };
  const key = organizationId;
  return { type: "audit.access.denied.v1", subject: key, aggregateVersion: 0, key, organizationId, data: { ...data } };
}

/**
 * Told to the operators' organisation, since nobody reads the platform's own stream. It names the run and no more: who
 * is no operator there learns nothing of it.
 */
export function jobChanged({ id, version }: JobRun, organizationId: OrganizationId): DomainEvent {
  const data: EventData["audit.job.changed.v1"] = { runId: id };
  const key = organizationId;
  return {
    type: "audit.job.changed.v1",
    subject: id,
    aggregateVersion: version,
    ...{ key, organizationId },
    data: { ...data },
  };
}

type Located = Pick<DeadLetter, "id" | "topic" | "partition" | "offset" | "key" | "eventId" | "eventType" | "failures">;

/** @param reason was it no event at all, or could it not be recorded? */
export function eventUnrecorded(
  letter: Located & Pick<DeadLetter, "eventSequence" | "attempts">,
  reason: EventData["audit.event.unrecorded.v1"]["reason"],
): DomainEvent {
  const { eventSequence, attempts } = letter;
  const data: EventData["audit.event.unrecorded.v1"] = {
    ...locationOf(letter),
    eventSequence: eventSequence?.toString() ?? null,
    attempts,
    reason,
  };
  return { type: "audit.event.unrecorded.v1", ...aboutLetter(letter), data: { ...data } };
}

export function replayRequested(
  letter: Located & Pick<DeadLetter, "consumer">,
  { force, reason }: { readonly force: boolean; readonly reason: string | null },
): DomainEvent {
  const { consumer } = letter;
  const data: EventData["audit.dead_letter.replay_requested.v1"] = {
    ...locationOf(letter),
    consumer,
    force,
    reason,
  };
  return { type: "audit.dead_letter.replay_requested.v1", ...aboutLetter(letter), data: { ...data } };
}

export function deadLetterDiscarded(letter: Located & Pick<DeadLetter, "consumer">, reason: string): DomainEvent {
  const { consumer } = letter;
  const data: EventData["audit.dead_letter.discarded.v1"] = { ...locationOf(letter), consumer, reason };
  return { type: "audit.dead_letter.discarded.v1", ...aboutLetter(letter), data: { ...data } };
}

function locationOf({ id, topic, partition, offset, eventId, eventType }: Located) {
  return { deadLetterId: id, topic, partition, offset: offset.toString(), eventId, eventType };
}

/** It is told to whom the lost event concerned. */
function aboutLetter({ id, key, failures }: Located) {
  const organizationId = OrganizationId.from(key);
  return {
    subject: id,
    aggregateVersion: failures,
    key: ownerOfKey(key),
    ...(organizationId === undefined ? {} : { organizationId }),
  };
}
