/**
 * Turns an event into the answer of an operation: the record answers the planner's first fetch, the subgraphs the rest, no entity older
 * than the event. An answer always comes: what a subgraph cannot give is an error in it, never the end of the stream.
 */
import {
  type executeQueryPlan as ExecuteQueryPlan,
  executeQueryPlan,
  type GraphQLDataSource,
  type ServiceMap,
} from "@apollo/gateway";
import { type FormattedExecutionResult, GraphQLError } from "graphql";
import { withDeadline } from "../../../platform/deadline.ts";
import type { GatewayContext, LivePorts } from "../../ports.ts";
import { REPRESENTATIONS } from "../../transport/entity-document.ts";
import type { ReadableEvent } from "../log/event.ts";
import type { LiveMeter } from "../metrics.ts";
import type { BoundPlan } from "../plan/plan.ts";
import { answerFromRecord } from "../plan/record.ts";
import { createFetchBatches } from "./fetch-batches.ts";
import { createFreshFetches } from "./freshness.ts";

export interface Enrichment {
  /**
   * Never rejects.
   * @param scope equal (by identity, if it is an object) for those who have the same rights: their fetches go out together.
   */
  answer(
    bound: BoundPlan,
    event: ReadableEvent,
    context: GatewayContext,
    scope: object | string,
  ): Promise<FormattedExecutionResult>;
}

/** Beyond the deadline of any single subgraph request: a data source that never settles must not stop its stream. */
const ROUNDS = 3;

export function createEnrichment(
  ports: Pick<LivePorts, "dataSources" | "publicErrors" | "settings">,
  meter: LiveMeter,
): Enrichment {
  const deadlineMs = ports.settings.SUBGRAPH_TIMEOUT_MS * ROUNDS;
  const late = `no enrichment within ${deadlineMs} ms`;
  const fetches = createFreshFetches(createFetchBatches(meter));

  /** The data sources of the plan's subgraphs, for one event. */
  function sourcesFor({ plan }: BoundPlan, event: ReadableEvent, scope: object | string): ServiceMap {
    const present = ports.dataSources();
    const sources: ServiceMap = {};
    for (const [subgraph, compiled] of plan.fetches) {
      const source = present[subgraph];
      if (source === undefined) continue;
      const batching: GraphQLDataSource<GatewayContext> = {
        process(request) {
          const fetch = compiled.get(request.request.query ?? "");
          const { [REPRESENTATIONS]: representations, ...variables } = request.request.variables ?? {};
          if (fetch !== undefined && Array.isArray(representations) && "incomingRequestContext" in request) {
            return fetches.send({ source, scope, fetch, representations, variables, request }, event);
          }
          meter.enrichmentFetches += 1;
          return source.process(request);
        },
      };
      sources[subgraph] = batching;
    }
    return sources;
  }

  async function execute(bound: BoundPlan, event: ReadableEvent, context: GatewayContext, scope: object | string) {
    const { plan, variables } = bound;
    const record: GraphQLDataSource = {
      process: async () => ({ data: answerFromRecord(plan.record, event.envelope, variables) }),
    };
    const { generation, operation, fragments, document } = plan;
    const request = {
      request: { variables: { ...variables } },
      context,
      logger: context.logger,
      document,
      metrics: {},
    };
    return executeQueryPlan(
      plan.queryPlan,
      { ...sourcesFor(bound, event, scope), [plan.field.serviceName]: record },
      requestContext(request),
      { schema: generation.apiSchema, operation, fragments: { ...fragments } },
      generation.supergraphSchema,
      generation.planningSchema,
    );
  }

  return {
    async answer(bound, event, given, scope) {
      const abandoned = new AbortController();
      const context: GatewayContext = { ...given, signal: abandoned.signal };
      try {
        const result = await withDeadline(execute(bound, event, context, scope), deadlineMs, late);
        const errors = [...(result.errors ?? []), ...completionErrors(result.extensions?.["valueCompletion"])];
        const data = result.data ?? null;
        return errors.length === 0 ? { data } : { data, errors: ports.publicErrors(errors, context) };
      } catch (cause) {
        abandoned.abort();
        const originalError = cause instanceof Error ? cause : new Error(String(cause));
        const error = new GraphQLError("The event could not be enriched.", { originalError });
        return { data: null, errors: ports.publicErrors([error], context) };
      }
    },
  };
}

/** `executeQueryPlan` of @apollo/gateway 2.14.4 reads these members and no others of what its type asks for. */
function requestContext(known: object): Parameters<typeof ExecuteQueryPlan>[2] {
  return known as Parameters<typeof ExecuteQueryPlan>[2];
}

/** A null where the schema allows none, without any other error: the executor hides it in extensions, a client must see it. */
function completionErrors(found: unknown): GraphQLError[] {
  return Array.isArray(found) ? found.filter((error) => error instanceof GraphQLError) : [];
}
