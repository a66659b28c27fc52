/** How messages look on the wire, one object per format. Texts that go in are JSON on one line. */
import type { LiveTransport } from "../../ports.ts";
import type { RequestedStream } from "./accept.ts";

export interface StreamFormat {
  readonly transport: LiveTransport;
  readonly contentType: string;
  /** Written with the head, so that the caller sees that the stream is open. */
  readonly opening: string;
  /** One answer. */
  next(payload: string, cursor: string | undefined): string;
  /** Says that the stream lives, and where it stands when the position moved without an answer. */
  heartbeat(cursor: string | undefined): string;
  /** Why the stream ends; `errors` is a JSON array. */
  failure(errors: string, cursor: string | undefined): string;
  /** Nothing follows. */
  readonly ending: string;
}

/**
 * A blank line commits an `id:` to the last event id, even where the event is dropped for want of `data:`. Source: HTML
 * standard, "dispatch the event", steps 1 and 2. So a heartbeat moves the cursor without an event that anybody sees.
 */
const SSE: StreamFormat = {
  transport: "SSE",
  contentType: "text/event-stream; charset=utf-8",
  opening: ":\n\n",
  next: (payload, cursor) => `event: next\n${idLine(cursor)}data: ${payload}\n\n`,
  heartbeat: (cursor) => `:\n${idLine(cursor)}\n`,
  failure: (errors, cursor) => SSE.next(`{"errors":${errors}}`, cursor),
  ending: "event: complete\ndata:\n\n",
};

const idLine = (cursor: string | undefined) => (cursor === undefined ? "" : `id: ${cursor}\n`);

/**
 * A reader takes a part as complete at the boundary behind it, so each part is written with that boundary. Heartbeats
 * must be `{}` exactly, so cursors of quiet streams travel in a header of the part.
 */
const MULTIPART: StreamFormat = {
  transport: "MULTIPART",
  contentType: 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"',
  opening: "\r\n--graphql",
  next: (payload, cursor) => part(`{"payload":${payload}}`, cursor),
  heartbeat: (cursor) => part("{}", cursor),
  failure: (errors, cursor) => part(`{"payload":null,"errors":${errors}}`, cursor),
  ending: "--\r\n",
};

function part(body: string, cursor: string | undefined): string {
  const header = cursor === undefined ? "" : `tributary-cursor: ${cursor}\r\n`;
  return `\r\ncontent-type: application/json\r\n${header}\r\n${body}\r\n--graphql`;
}

export const STREAM_FORMATS: Readonly<Record<RequestedStream["format"], StreamFormat>> = {
  sse: SSE,
  multipart: MULTIPART,
};
