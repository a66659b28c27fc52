/**
 * The stages of a request as spans, children of its W3C trace. Guarantees one stage at a time and each at most once, in
 * their order: a stage is ended before a later one begins, and after one that failed none begins. Without a registered
 * OpenTelemetry SDK, and for requests that it does not sample, there is nothing to note and nothing is made.
 */
import { ROOT_CONTEXT, type Span, SpanStatusCode, TraceFlags, trace as traces } from "@opentelemetry/api";
import type { TraceContext } from "./trace-context.ts";

/** In the order in which a request passes them; not every request passes all. */
const STAGES = [
  "validation",
  "sanitisation",
  "parsing",
  "transformation",
  "enrichment",
  "business logic",
  "formatting",
  "output",
] as const;

type Stage = (typeof STAGES)[number];

export interface Stages {
  /**
   * Ends the running stage and begins this one. Nothing happens when it was reached before, or when a stage has failed.
   */
  enter(stage: Stage): void;
  /** Is a stage running that comes before this one? */
  isBefore(stage: Stage): boolean;
  /** Notes at the running stage what went wrong in a part of it; the stage goes on. */
  note(error: Error): void;
  /** Ends the running stage as failed: no other begins. */
  fail(error: Error): void;
  /** Ends the running stage, the last one. Idempotent. */
  end(): void;
}

const tracer = traces.getTracer("tributary");

/** Begins with the first stage. @returns `undefined` when nobody records the request */
export function beginStages({ traceId, spanId }: TraceContext): Stages | undefined {
  const parent = { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
  const context = traces.setSpanContext(ROOT_CONTEXT, parent);
  const [first] = STAGES;
  let position = 0;
  let running: Span | undefined = tracer.startSpan(first, {}, context);
  if (!running.isRecording()) return undefined;

  function end(): void {
    running?.end();
    running = undefined;
  }

  return {
    enter(stage) {
      const next = STAGES.indexOf(stage);
      if (running === undefined || next <= position) return;
      end();
      position = next;
      running = tracer.startSpan(stage, {}, context);
    },
    isBefore: (stage) => running !== undefined && position < STAGES.indexOf(stage),
    note: (error) => running?.recordException(error),
    fail(error) {
      running?.recordException(error);
      running?.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      end();
    },
    end,
  };
}
