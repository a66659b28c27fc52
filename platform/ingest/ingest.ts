/**
 * What programs deliver by plain HTTP: `POST /ingest/<name>` at the gateway, with an API key. The gateway says who
 * calls by the signed identity header, as for GraphQL. The body travels as the bytes that it is.
 */
import type { SingleHeaders } from "../http/single-headers.ts";

export interface IngestCall {
  /** Lower-case names; the identity among them. */
  readonly headers: SingleHeaders;
  readonly body: Buffer;
}

export interface IngestAnswer {
  readonly status: number;
  /** JSON. */
  readonly body: string;
}

export interface IngestPoint {
  /** The last part of its address; no two subgraphs have the same. */
  readonly name: string;
  /**
   * Resolves when what was delivered is stored, or refused, for good. The same call may come again. Never rejects:
   * every failure is an answer.
   */
  receive(call: IngestCall): Promise<IngestAnswer>;
}

/** Where subgraphs in other processes take deliveries. */
export const ingestPath = (name: string): string => `/ingest/${encodeURIComponent(name)}`;

/** On every answer of a point: without it nothing is delivered there. */
export const INGEST_HEADER = "x-tributary-ingest";

/** What is delivered at once may be long. */
export const MAX_INGEST_BYTES = 256 * 1024;
