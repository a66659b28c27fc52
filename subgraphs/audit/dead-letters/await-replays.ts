/** Waits a moment for consumers to answer: whoever asked for replays learns in the same answer how they ended. */
import { setTimeout as delay } from "node:timers/promises";
import { PLATFORM } from "../../../platform/auth/principal-ids.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { type UserError, userError } from "../../../platform/errors/user-failure.ts";
import type { RequestedReplays } from "../commands/replay-dead-letters.ts";
import type { DeadLetter } from "../domain/dead-letter.ts";
import type { AuditServices } from "../services.ts";
import { findLetters } from "../store/dead-letters.ts";

const LOOK_EVERY_MS = 100;

export interface EndedReplays {
  /** In the order of the request. */
  readonly letters: readonly DeadLetter[];
  readonly applied: number;
  readonly userErrors: readonly UserError[];
}

/** @param waitMs what has not ended by then is shown as it is */
export async function awaitReplays(
  { database }: Pick<AuditServices, "database">,
  { replays }: RequestedReplays,
  waitMs: number,
): Promise<EndedReplays> {
  const giveUpAt = performance.now() + waitMs;
  const ids = replays.map(({ letterId }) => letterId);
  for (;;) {
    const found = await inTenants(database, [PLATFORM], (tx) => findLetters(tx, ids));
    const byId = new Map(found.map((letter) => [letter.id, letter]));
    const letters = replays.flatMap(({ letterId }) => byId.get(letterId) ?? []);
    const pending = letters.some(({ status }) => status === "REPLAYING");
    if (!pending || performance.now() >= giveUpAt) {
      const applied = letters.filter(({ status }) => status === "REPLAYED").length;
      const userErrors = letters.flatMap((letter, index) => failureOf(letter, replays[index]?.replayId, index));
      return { letters, applied, userErrors };
    }
    await delay(LOOK_EVERY_MS);
  }
}

/** Only of this request: another one may have followed. */
function failureOf(letter: DeadLetter, replayId: string | undefined, index: number): UserError[] {
  if (letter.status !== "OPEN" || letter.replayId !== replayId) return [];
  const field = ["ids", String(index)];
  if (letter.superseded) {
    const advice = "discard it, or apply it nevertheless with `force`";
    return [userError("VERSION_CONFLICT", `Not applied, since ${letter.lastError}: ${advice}.`, ...field)];
  }
  return [userError("STATE_INVALID", `It failed again: ${letter.lastError}`, ...field)];
}
