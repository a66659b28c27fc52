/** What the live room gets from the others. Where nobody brings events it serves no subscription, and says so. */
import type { CacheEviction } from "./cache/event-eviction.ts";
import type { CountedErrors } from "./errors/counted-errors.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import type { Origins } from "./http/origins.ts";
import type { Limits } from "./limits/create-limits.ts";
import type { ReceivedOperations } from "./operations/received-operations.ts";
import type { Authenticator, LivePart, OperationExecutor, PlanFeatures, SchemaSource } from "./ports.ts";
import type { DataSources } from "./transport/data-sources.ts";

export interface LiveDependencies {
  readonly schema: SchemaSource;
  readonly authenticator: Authenticator | undefined;
  readonly executor: OperationExecutor;
  readonly dataSources: DataSources;
  readonly operations: ReceivedOperations;
  readonly limits: Limits;
  readonly errors: CountedErrors;
  readonly origins: Origins;
  readonly eviction: CacheEviction;
  readonly planFeatures: PlanFeatures | undefined;
}

export function connectLive(options: GatewayOptions, neighbours: LiveDependencies): LivePart | undefined {
  const { createLive, eventLog, evictionTopics, settings, lifecycle, clock, logger } = options;
  const { subscriptionRegistry, forward, reportDenial } = options;
  const { schema, authenticator, executor, operations, limits, errors, planFeatures } = neighbours;
  if (createLive === undefined) return undefined;
  const { calls } = limits.rates;
  return createLive({
    schema,
    authenticator,
    executor,
    dataSources: () => neighbours.dataSources.of(schema.current()),
    eventLog,
    settings,
    lifecycle,
    clock,
    logger,
    operations,
    parseDocument: limits.documents.parse,
    admitOperation: limits.operations.admit,
    ...(calls === undefined
      ? {}
      : { admitCall: async (identity, { ip }) => void (await calls.countIdentified(identity, ip)) }),
    publicErrors: (found, { trace, logger: requestLogger }) =>
      found.map((error) => errors.toPublic(error, { traceId: trace.traceId, logger: requestLogger })),
    originAllowed: neighbours.origins.allowed,
    eviction: neighbours.eviction,
    ...(evictionTopics === undefined ? {} : { evictionTopics }),
    ...(planFeatures === undefined ? {} : { planFeatures }),
    ...(forward === undefined ? {} : { forward }),
    ...(reportDenial === undefined ? {} : { reportDenial }),
    ...(subscriptionRegistry === undefined ? {} : { subscriptionRegistry }),
  });
}
