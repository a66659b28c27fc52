/**
 * The text of a live frame: an answer whose extensions come last, the cursor first in them. Made once for all
 * subscribers; what reads or adds to it later does so without parsing it.
 */
import type { EnrichedAnswer } from "../enrichment/enriched-answer.ts";

/** The JSON text of a `next` payload; `null` when the event is filtered out or of no interest to the field. */
export type Frame = string | null;

export interface FrameExtensions {
  readonly cursor: string;
  readonly snapshot?: true;
}

export function frameText({ data, errors }: EnrichedAnswer, { cursor, snapshot }: FrameExtensions): string {
  const tributary = { cursor, ...(snapshot === undefined ? {} : { snapshot }) };
  const errorsText = errors === undefined ? "" : `,"errors":${JSON.stringify(errors)}`;
  return `{"data":${data}${errorsText},"extensions":${JSON.stringify({ tributary })}}`;
}

/** Closes `tributary`, `extensions` and the payload. */
const END = "}}}";

/** The same frame that also says how many events were left out before it. */
export function withSkipped(frame: string, skipped: number): string {
  return skipped === 0 ? frame : `${frame.slice(0, -END.length)},"skipped":${skipped}${END}`;
}

const CURSOR_MARK = '"tributary":{"cursor":"';

/** The cursor of a frame; nothing for other payloads. Inside a JSON string the mark's quotes would be escaped. */
export function cursorOf(payload: string): string | undefined {
  const mark = payload.lastIndexOf(CURSOR_MARK);
  if (mark === -1) return undefined;
  const from = mark + CURSOR_MARK.length;
  return payload.slice(from, payload.indexOf('"', from));
}
