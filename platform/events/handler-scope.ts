/**
 * Runs a consumer's work as a command is run: what it emits is appended at the end, as caused by the event, and what
 * that makes old is dropped from caches around the commit.
 */
import { afterCommit } from "../database/after-commit.ts";
import type { CommandDeps, CommandScope } from "../database/command.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import { causedBy, type DomainEvent, type EventEnvelope } from "./envelope.ts";

/** In the consumer's transaction. */
export async function handleAsCommand<Tx extends SqlTransaction>(
  { outbox, evict }: Pick<CommandDeps<Tx>, "outbox" | "evict">,
  tx: Tx,
  cause: EventEnvelope,
  work: (scope: CommandScope<Tx>) => Promise<unknown>,
): Promise<void> {
  const events: DomainEvent[] = [];
  await work({ tx, emit: (event) => events.push(event) });
  if (events.length === 0) return;
  if (evict !== undefined) {
    // Before the commit: whoever dies behind it leaves nothing old.
    await evict(events);
    afterCommit(() => void evict(events));
  }
  await outbox.append(tx, events, causedBy(cause));
}
