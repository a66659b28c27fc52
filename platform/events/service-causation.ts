/** The causation of what a part of the platform, or a service beside it, does by itself: no request asked for it. */
import { newTrace } from "../tracing/trace-context.ts";
import type { Causation } from "./envelope.ts";

/** @param service how events name it, e.g. `mail-server` */
export function causedByService(service: string): Causation {
  return { actorKind: "SERVICE", actorId: service, correlationId: newTrace().traceId, hop: 0 };
}
