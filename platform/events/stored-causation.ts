/** What a row keeps of its cause, for events that come after the request: no network address and no device. */
import { z } from "zod";
import type { Causation } from "./envelope.ts";

type StoredCausation = Pick<Causation, "actorKind" | "actorId" | "sessionId" | "correlationId" | "hop" | "traceparent">;

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
    ({ actorKind, actorId, sessionId, correlationId, traceparent, hop }): StoredCausation => ({
      actorKind,
      ...(actorId === undefined ? {} : { actorId }),
      ...(sessionId === undefined ? {} : { sessionId }),
      correlationId,
      hop,
      ...(traceparent === undefined ? {} : { traceparent }),
    }),
  );

/** Plain JSON, and a whole `Causation`. */
export function storedCausation(causation: Causation): StoredCausation {
  return causationSchema.parse(causation);
}
