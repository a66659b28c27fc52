/** What a subgraph knows about the request it answers, rebuilt from signed headers in every topology. */
import type { GraphQLError } from "graphql";
import type { ClientFacts, Identity } from "../auth/identity.ts";
import { assertInTime } from "../deadline.ts";
import type { Causation, Change } from "../events/envelope.ts";
import type { Logger } from "../logger/logger.ts";
import { formatTraceparent, type TraceContext } from "../tracing/trace-context.ts";

export interface RequestContext {
  readonly identity: Identity;
  readonly client: ClientFacts;
  readonly trace: TraceContext;
  /** Carries the trace id on every line. */
  readonly logger: Logger;
  /**
   * Until when somebody waits for the answer, by `performance.now()`, where the operation only reads: its statements
   * end by then. Absent where it commands something, since what was begun is brought to its end.
   */
  readonly readDeadline?: number | undefined;
  /** Does the operation command something? Then it reads where it writes. Default: no. */
  readonly commands?: boolean;
  /** Until when a command may begin. */
  readonly commandDeadline?: number | undefined;
  /** Set by the first transaction of a command. */
  begun?: boolean;
  /**
   * Set by a command that answered from its idempotency record; travels to the caller as
   * `extensions.idempotency.replayed`.
   */
  idempotencyReplayed?: boolean;
  /**
   * Set by a command after which the caller may do more or less than the signed identity says: the gateway then asks
   * anew.
   */
  rightsChanged?: boolean;
  /**
   * What this request's commands changed, as far as it is committed; travels to the gateway, which drops what it made
   * stale.
   */
  readonly changes: Change[];
  /** Errors that stand beside a whole answer, e.g. that a list may lack something. */
  additionalErrors?: readonly GraphQLError[];
}

/** Who did it, as events name them. */
function actorOf(identity: Identity): Pick<Causation, "actorKind" | "actorId" | "sessionId"> {
  switch (identity.kind) {
    case "ANONYMOUS":
      return { actorKind: "ANONYMOUS" };
    case "USER":
      return { actorKind: "USER", actorId: identity.userId, sessionId: identity.sessionId };
    case "API_KEY":
      return { actorKind: "SERVICE", actorId: identity.keyId };
    case "SERVICE":
      return { actorKind: "SERVICE", actorId: identity.service };
    case "AUDIENCE":
      // An audience commands nothing; what is done for one is done by the gateway.
      return { actorKind: "SERVICE" };
  }
}

/** The causation of events that this request's commands emit. The trace id serves as correlation id. */
export function causationOf(request: RequestContext): Causation {
  const { client, trace, changes } = request;
  return {
    ...actorOf(request.identity),
    ...(client.ip === undefined ? {} : { clientIp: client.ip }),
    ...(client.userAgent === undefined ? {} : { userAgent: client.userAgent }),
    correlationId: trace.traceId,
    hop: 0,
    traceparent: formatTraceparent(trace),
    onBegin() {
      if (request.begun !== true) assertInTime(request.commandDeadline);
      request.begun = true;
    },
    onAppended: (events) => changes.push(...events),
  };
}
