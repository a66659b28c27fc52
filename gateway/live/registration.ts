/** Enters an accepted subscription into the registry of open subscriptions, where its viewer can see and close it. */
import { AppError } from "../../platform/errors/app-error.ts";
import type { LiveTransport, SubscriptionRegistry } from "../ports.ts";
import type { StreamName } from "./access/stream-authorization.ts";
import type { Subscriber } from "./delivery/subscriber.ts";
import type { Viewer } from "./delivery/viewer.ts";
import type { MeteredSink } from "./metrics.ts";
import type { LivePlan } from "./plan/plan.ts";

export interface Registration {
  readonly subscriber: Pick<Subscriber, "stop">;
  readonly plan: Pick<LivePlan, "field" | "operation">;
  readonly name: StreamName;
  readonly viewer: Viewer;
  readonly transport: LiveTransport;
  readonly sink: Pick<MeteredSink, "delivered" | "fail">;
}

/** @returns removes it from the registry; to be called once the subscription has ended */
export function registerSubscription(
  subscriptionRegistry: SubscriptionRegistry | undefined,
  registration: Registration,
): () => void {
  const { subscriber, plan, name, viewer, transport, sink } = registration;
  const identity = viewer.identity();
  if (subscriptionRegistry === undefined || identity.kind !== "USER") return () => undefined;
  let open = true;

  const leave = subscriptionRegistry.register({
    userId: identity.userId,
    sessionId: identity.sessionId,
    operationName: plan.operation.name?.value ?? null,
    field: plan.field.name,
    organizationId: name.organizationId ?? null,
    transport,
    client: viewer.client,
    delivered: () => sink.delivered,
    close() {
      if (!open) return;
      subscriber.stop();
      sink.fail(new AppError("CLOSED_BY_VIEWER", "You closed this subscription, here or elsewhere."));
    },
  });
  return () => {
    open = false;
    leave();
  };
}
