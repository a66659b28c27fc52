/** What the live protocol adds to graphql-ws: cursors in results and pings, and errors that tell what to do next. */
import type { FormattedExecutionResult } from "graphql";

/** Decides what becomes of a stream that the server ended with an error. */
export type StreamFailure =
  | { readonly kind: "resync"; readonly reason: string }
  | { readonly kind: "unauthenticated" }
  /** The gateway does not know the document by its hash. */
  | { readonly kind: "unnamed"; readonly code: string; readonly message: string }
  | { readonly kind: "temporary" }
  | { readonly kind: "final"; readonly code: string; readonly message: string };

export function cursorOf(result: FormattedExecutionResult): string | undefined {
  const cursor = field(field(result.extensions, "tributary"), "cursor");
  return typeof cursor === "string" ? cursor : undefined;
}

/** What a result says about itself. */
export interface Delivery {
  /** Events that were left out before this one, on a field that promises a slow reader the newest per key only. */
  readonly skipped: number;
  /** The state that the stream begins with, not an event. */
  readonly snapshot: boolean;
}

export function deliveryOf(result: FormattedExecutionResult): Delivery {
  const tributary = field(result.extensions, "tributary");
  const skipped = field(tributary, "skipped");
  return { skipped: typeof skipped === "number" ? skipped : 0, snapshot: field(tributary, "snapshot") === true };
}

/** Subscription id → cursor, from the payload of a server's ping. */
export function cursorsOfPing(payload: unknown): ReadonlyMap<string, string> {
  const cursors = field(field(payload, "tributary"), "cursors");
  if (typeof cursors !== "object" || cursors === null) return new Map();
  return new Map(Object.entries(cursors).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** The `eventId` that every live payload carries, whatever its field is called. */
export function eventIdOf(result: FormattedExecutionResult): string | undefined {
  const [message] = Object.values(result.data ?? {});
  const id = field(message, "eventId");
  return typeof id === "string" ? id : undefined;
}

/** @param error GraphQL errors of an `error` message, a close event, or anything thrown on the way */
export function failureOf(error: unknown): StreamFailure {
  // A socket that closed or broke says nothing about the stream: it goes on over the next one.
  if (!Array.isArray(error)) return { kind: "temporary" };
  const [first]: readonly unknown[] = error;
  const extensions = field(first, "extensions");
  const code = text(field(extensions, "code")) ?? "UNKNOWN";
  if (code === "RESYNC_REQUIRED") {
    const reason = text(field(extensions, "reason")) ?? text(field(field(extensions, "details"), "reason"));
    return { kind: "resync", reason: reason ?? "UNKNOWN" };
  }
  if (code === "UNAUTHENTICATED") return { kind: "unauthenticated" };
  if (field(extensions, "retryable") === true || TEMPORARY.has(code)) return { kind: "temporary" };
  const message = text(field(first, "message")) ?? "The stream ended with an error.";
  return { kind: code.startsWith("PERSISTED_QUERY_") ? "unnamed" : "final", code, message };
}

const TEMPORARY = new Set(["EVENT_LOG_UNAVAILABLE", "SERVICE_UNAVAILABLE", "INTERNAL", "INTERNAL_SERVER_ERROR"]);

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
