/** W3C Trace Context (https://www.w3.org/TR/trace-context/), plus the older pair `x-trace-id` / `x-parent-span-id`. */
import { randomFillSync } from "node:crypto";

export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the caller's span, or a fresh one at the root. */
  readonly spanId: string;
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
const ZERO_TRACE = "0".repeat(32);
const ZERO_SPAN = "0".repeat(16);

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The context the headers carry, else a new one. */
export function traceFromHeaders(headers: Headers): TraceContext {
  return parseTraceparent(single(headers["traceparent"])) ?? parsePair(headers) ?? newTrace();
}

export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  const match = text === undefined ? null : TRACEPARENT.exec(text);
  const [, traceId, spanId] = match ?? [];
  if (traceId === undefined || spanId === undefined || traceId === ZERO_TRACE || spanId === ZERO_SPAN) return undefined;
  return { traceId, spanId };
}

export function formatTraceparent(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-01`;
}

/** A child of `trace`: the same trace, a span of its own. */
export function childTrace(trace: TraceContext): TraceContext {
  return { traceId: trace.traceId, spanId: randomHex(8) };
}

export function newTrace(): TraceContext {
  return { traceId: randomHex(16), spanId: randomHex(8) };
}

/**
 * Bytes are drawn from the system a page at a time: a call for each of a request's many spans costs more than the
 * spans.
 */
const pool = Buffer.alloc(4_096);
let drawn = pool.length;

function randomHex(bytes: number): string {
  if (drawn + bytes > pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  drawn += bytes;
  return pool.toString("hex", drawn - bytes, drawn);
}

function parsePair(headers: Headers): TraceContext | undefined {
  const traceId = single(headers["x-trace-id"])?.replaceAll("-", "").toLowerCase();
  if (traceId === undefined || !/^[0-9a-f]{32}$/.test(traceId) || traceId === ZERO_TRACE) return undefined;
  const parent = single(headers["x-parent-span-id"])?.toLowerCase();
  return { traceId, spanId: parent !== undefined && /^[0-9a-f]{16}$/.test(parent) ? parent : newTrace().spanId };
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}
