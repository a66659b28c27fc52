import { AppError } from "../../../platform/errors/app-error.ts";
import { mutationPayload } from "../../../platform/graphql/mutation-payload.ts";
import type { ResolversOf } from "../../../schema/generated/audit.ts";
import { discardDeadLetters } from "../commands/discard-dead-letters.ts";
import { replayDeadLetters } from "../commands/replay-dead-letters.ts";
import type { AuditContext, AuditParents } from "../context.ts";
import { awaitReplays, type EndedReplays } from "../dead-letters/await-replays.ts";
import type { DeadLetter } from "../domain/dead-letter.ts";
import { operatorReader } from "../operator/operator-reader.ts";
import { findLetters } from "../store/dead-letters.ts";

/** Long enough for a consumer that is there, short enough for whoever waits for the answer. */
const WAIT_MS = 4_000;

interface ReplayFields {
  readonly deadLetters: readonly DeadLetter[] | null;
  readonly replayedCount: number | null;
}

interface DiscardFields {
  readonly deadLetters: readonly DeadLetter[] | null;
  readonly discardedCount: number | null;
}

export const mutation: ResolversOf<"Mutation", AuditContext, AuditParents> = {
  async deadLetterReplay(_root, { input }, context) {
    let ended: EndedReplays | undefined;
    const payload = await mutationPayload<ReplayFields>({ deadLetters: null, replayedCount: null }, async () => {
      const requested = context.settle(await replayDeadLetters(context.services, context.actor(), input));
      ended = await awaitReplays(context.services, requested, WAIT_MS);
      return { deadLetters: ended.letters, replayedCount: ended.applied };
    });
    return { ...payload, userErrors: [...payload.userErrors, ...(ended?.userErrors ?? [])] };
  },

  deadLetterDiscard: (_root, { input }, context) =>
    mutationPayload<DiscardFields>({ deadLetters: null, discardedCount: null }, async () => {
      const { ids } = context.settle(await discardDeadLetters(context.services, context.actor(), input));
      const read = operatorReader(context);
      if (read === undefined) throw new AppError("FORBIDDEN", "Only operators may read dead letters.");
      const found = new Map((await read((tx) => findLetters(tx, ids))).map((letter) => [letter.id, letter]));
      const deadLetters = ids.flatMap((id) => found.get(id) ?? []);
      return { deadLetters, discardedCount: deadLetters.length };
    }),
};
