/**
 * A cursor made readable for whoever finds one in a log or a report: what it says, and whether this installation said
 * it.
 */

import { resolveStart } from "../delivery/snapshot-cursor.ts";
import { createCursorCodec, readClaims } from "./cursor.ts";

export interface CursorReport {
  /** Signed with this secret. What an invalid one says proves nothing. */
  readonly valid: boolean;
  readonly topic?: string;
  readonly epoch?: string;
  readonly partition?: number;
  /** Decimal text: offsets and sequences may exceed what JSON numbers hold. */
  readonly next?: string;
  readonly sequence?: string | null;
  readonly keyHash?: string;
  /** Only when a key was given and the cursor is valid. */
  readonly keyMatches?: boolean;
  /** Of a subscription to the key that was not sent its snapshot yet. */
  readonly owesSnapshot?: boolean;
}

export function reportCursor(secret: string, text: string, key?: string): CursorReport {
  const claims = readClaims(text);
  if (claims === undefined) return { valid: false };
  const codec = createCursorCodec(secret);
  const read = codec.decode(text);
  const { topic, epoch, partition, next, sequence, keyHash } = claims;
  const said = { topic, epoch, partition, next: String(next), sequence: sequence?.toString() ?? null, keyHash };
  if (read === undefined || key === undefined) return { valid: read !== undefined, ...said };
  const owesSnapshot = resolveStart(codec, { topic, key, cursor: text, snapshot: true }).cursor === undefined;
  return { valid: true, ...said, keyMatches: owesSnapshot || read.matches(topic, key), owesSnapshot };
}
