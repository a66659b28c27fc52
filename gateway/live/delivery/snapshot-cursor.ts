/**
 * Cursors of subscriptions that have not sent their snapshot yet. A subscriber that drops before its snapshot has no
 * state. A plain cursor would bring it the events, and never the state below them. Such a cursor therefore brings the
 * missing snapshot, too.
 */
import type { Cursor, CursorCodec } from "../log/cursor.ts";

/** Where a subscription begins, and with what. */
export interface SubscriptionStart {
  /** Resume behind this one; absent: at the end of the log. */
  readonly cursor: string | undefined;
  readonly snapshot: boolean;
}

export interface SubscriptionStartRequest {
  readonly topic: string;
  readonly key: string;
  readonly cursor: string | undefined;
  /** Does the subscriber want a snapshot where there is none yet? */
  readonly snapshot: boolean;
}

export function resolveStart(cursors: CursorCodec, request: SubscriptionStartRequest): SubscriptionStart {
  const { topic, key, cursor, snapshot } = request;
  if (cursor === undefined) return { cursor, snapshot };
  const read = cursors.decode(cursor);
  if (read === undefined || !read.matches(topic, keyBeforeSnapshot(key))) return { cursor, snapshot: false };
  // Nothing was sent after it, so a newer position with a newer snapshot leaves nothing out.
  if (snapshot) return { cursor: undefined, snapshot };
  return { cursor: cursors.encode({ ...read, key }), snapshot };
}

/** The cursor of a subscription that was not sent its snapshot yet. */
export function cursorBeforeSnapshot(cursors: CursorCodec, cursor: Cursor): string {
  return cursors.encode({ ...cursor, key: keyBeforeSnapshot(cursor.key) });
}

const keyBeforeSnapshot = (key: string) => `${key}\nsnapshot`;
