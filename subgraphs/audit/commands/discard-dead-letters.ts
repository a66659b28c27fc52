/** Decides that dead letters stay without effect, and records who decided so and why. */

import { z } from "zod";
import { PLATFORM } from "../../../platform/auth/principal-ids.ts";
import { type CommandOutcome, runCommand } from "../../../platform/database/command.ts";
import type { EventEnvelope } from "../../../platform/events/envelope.ts";
import type { Operator } from "../../../platform/operator/operator.ts";
import { requireIdempotencyKey } from "../../../platform/validation/idempotency-key.ts";
import { requireReason } from "../../../platform/validation/reason.ts";
import type { DeadLetterDiscardInput } from "../../../schema/generated/audit.ts";
import { isOpen } from "../domain/dead-letter.ts";
import { DeadLetterId } from "../domain/ids.ts";
import { deadLetterDiscarded } from "../domain-events.ts";
import { actingName } from "../operator/acting-name.ts";
import type { OperatorServices } from "../services.ts";
import { markDiscarded } from "../store/dead-letters.ts";
import { lockNamed, nameLetters } from "../validation/operated-letters.ts";
import { recordOwnEvents } from "./record-own-events.ts";

const storedResult = z.object({ ids: z.array(DeadLetterId.schema) });

export type DiscardedLetters = z.infer<typeof storedResult>;

/** @throws UserFailure `FORBIDDEN`, `INVALID`, `NOT_FOUND`, `STATE_INVALID`, `BLANK`, `TOO_LONG`, `IDEMPOTENCY_…` */
export async function discardDeadLetters(
  services: OperatorServices,
  operator: Operator,
  input: DeadLetterDiscardInput,
): Promise<CommandOutcome<DiscardedLetters>> {
  const { causation } = operator;
  const named = await nameLetters(services, operator, input.ids);
  const reason = requireReason(input.reason);
  const idempotency = {
    key: requireIdempotencyKey(input.idempotencyKey),
    tenant: PLATFORM,
    command: "deadLetterDiscard",
    input: { ids: named.ids, reason },
    result: storedResult,
  } as const;
  let published: readonly EventEnvelope[] = [];
  const outcome = await runCommand(services, { tenants: named.tenants, causation, idempotency }, async ({ tx }) => {
    const now = services.clock.now();
    const letters = await lockNamed(tx, named, (letter) => {
      if (isOpen(letter, now)) return undefined;
      return letter.status === "REPLAYING"
        ? "This dead letter is being replayed: wait for its outcome."
        : `This dead letter is ${letter.status} already.`;
    });
    await markDiscarded(tx, { ids: named.ids, by: actingName(operator), reason, now });
    const events = letters.map((letter) => ({ event: deadLetterDiscarded(letter, reason), causation }));
    published = await recordOwnEvents(services, tx, events);
    return { ids: [...named.ids] };
  });
  causation.onAppended?.(published);
  return outcome;
}
