/**
 * Has dead letters given to their consumers once more. The requests are committed with the letters' new state and with
 * the entries that say who asked; the relay sends them on, and the consumer answers beside the dead letters.
 */

import { z } from "zod";
import { PLATFORM } from "../../../platform/auth/principal-ids.ts";
import { type CommandOutcome, runCommand } from "../../../platform/database/command.ts";
import { carryText } from "../../../platform/events/carried-text.ts";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import { type ReplayRequest, requestReplays } from "../../../platform/events/replay.ts";
import type { Operator } from "../../../platform/operator/operator.ts";
import { requireIdempotencyKey } from "../../../platform/validation/idempotency-key.ts";
import { requireReason } from "../../../platform/validation/reason.ts";
import type { DeadLetterReplayInput } from "../../../schema/generated/audit.ts";
import { type DeadLetter, isOpen, ownerOfKey } from "../domain/dead-letter.ts";
import { DeadLetterId } from "../domain/ids.ts";
import { replayRequested } from "../domain-events.ts";
import { actingName } from "../operator/acting-name.ts";
import type { OperatorServices } from "../services.ts";
import { markReplaying } from "../store/dead-letters.ts";
import { LETTER_READER } from "../subgraph-name.ts";
import { lockNamed, nameLetters } from "../validation/operated-letters.ts";
import { recordOwnEvents } from "./record-own-events.ts";

const storedResult = z.object({ replays: z.array(z.object({ letterId: DeadLetterId.schema, replayId: z.uuid() })) });

export type RequestedReplays = z.infer<typeof storedResult>;

/** @throws UserFailure `FORBIDDEN`, `INVALID`, `NOT_FOUND`, `STATE_INVALID`, `BLANK`, `TOO_LONG`, `IDEMPOTENCY_…` */
export async function replayDeadLetters(
  services: OperatorServices,
  operator: Operator,
  input: DeadLetterReplayInput,
): Promise<CommandOutcome<RequestedReplays>> {
  const { causation } = operator;
  const { force } = input;
  const named = await nameLetters(services, operator, input.ids);
  const reason = input.reason == null ? null : requireReason(input.reason);
  const { clock, ids } = services;
  const idempotency = {
    key: requireIdempotencyKey(input.idempotencyKey),
    tenant: PLATFORM,
    command: "deadLetterReplay",
    input: { ids: named.ids, force, reason },
    result: storedResult,
  } as const;
  let published: readonly EventEnvelope[] = [];
  const outcome = await runCommand(services, { tenants: named.tenants, causation, idempotency }, async ({ tx }) => {
    const now = clock.now();
    const letters = await lockNamed(tx, named, (letter) => problemOf(letter, force, now));
    const requests = letters.map((letter) => ({ letter, request: requestOf(letter, ids.uuid(), force) }));
    for (const { letter, request } of requests) {
      await markReplaying(tx, { id: letter.id, replayId: request.id, by: actingName(operator), now });
    }
    await requestReplays(
      tx,
      services.outbox,
      requests.map(({ letter, request }) => ({ owner: ownerOfKey(letter.key), request })),
    );
    const events = letters.map((letter) => ({ event: replayRequested(letter, { force, reason }), causation }));
    published = await recordOwnEvents(services, tx, events);
    return { replays: requests.map(({ letter, request }) => ({ letterId: letter.id, replayId: request.id })) };
  });
  causation.onAppended?.(published);
  return outcome;
}

function problemOf(letter: DeadLetter, force: boolean, now: Date): string | undefined {
  if (!letter.complete) return "Only the beginning of this record was kept, so it cannot be replayed: discard it.";
  if (letter.consumer === LETTER_READER) return "This record is no consumer's dead letter: discard it.";
  if (isOpen(letter, now)) return undefined;
  if (letter.status === "REPLAYING") return "This dead letter is being replayed: wait for its outcome.";
  if (force) return undefined;
  return `This dead letter is ${letter.status} already: \`force\` replays it nevertheless.`;
}

function requestOf(letter: DeadLetter, id: string, force: boolean): ReplayRequest {
  const { id: letterId, consumer, topic, partition, offset, key, payload, firstFailedAt } = letter;
  return {
    id,
    letterId,
    consumer,
    topic,
    partition,
    offset: offset.toString(),
    key,
    ...carryText(payload),
    failedAt: firstFailedAt.toISOString(),
    force,
  };
}
