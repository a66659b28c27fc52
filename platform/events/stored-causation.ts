/** What a row keeps of its cause, for events that come after the request: no network address and no device. */
import { z } from "zod";
import type { Causation } from "./envelope.ts";

/** Reads what `storedCausation` made. */
export const causationSchema = z
  .object({
    actorKind: z.enum(["USER", "SERVICE", "ANONYMOUS"]),
    actorId: z.string().optional(),
    sessionId: z.string().optional(),
    correlationId: z.string(),
    traceparent: z.string().optional(),
    hop: z.int().nonnegative(),
  })
  .transform(
    ({ actorKind, actorId, sessionId, correlationId, traceparent, hop }): Causation => ({
      actorKind,
      ...(actorId === undefined ? {} : { actorId }),
      ...(sessionId === undefined ? {} : { sessionId }),
      correlationId,
      hop,
      ...(traceparent === undefined ? {} : { traceparent }),
    }),
  );

/** As plain JSON. */
export function storedCausation(causation: Causation): Readonly<Record<string, string | number>> {
  const { actorKind, actorId, sessionId, correlationId, hop, traceparent } = causationSchema.parse(causation);
  return {
    actorKind,
    ...(actorId === undefined ? {} : { actorId }),
    ...(sessionId === undefined ? {} : { sessionId }),
    correlationId,
    hop,
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}
