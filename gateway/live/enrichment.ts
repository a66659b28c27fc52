/**
 * Turns an event into the answer of an operation: the record answers the planner's first fetch, the subgraphs the rest. An
 * answer always comes: what a subgraph cannot give is an error in it, never the end of the stream.
 */
import { type executeQueryPlan as ExecuteQueryPlan, executeQueryPlan, type GraphQLDataSource } from "@apollo/gateway";
import { type FormattedExecutionResult, GraphQLError } from "graphql";
import { withDeadline } from "../../platform/deadline.ts";
import type { GatewayContext, LivePorts } from "../ports.ts";
import type { ReadableEvent } from "./event.ts";
import type { BoundPlan } from "./plan.ts";
import { answerFromRecord } from "./record.ts";

export interface Enrichment {
  /** Never rejects. */
  answer(bound: BoundPlan, event: ReadableEvent, context: GatewayContext): Promise<FormattedExecutionResult>;
}

/** Beyond the deadline of any single subgraph request: a data source that never settles must not stop its stream. */
const ROUNDS = 3;

export function createEnrichment(ports: Pick<LivePorts, "dataSources" | "publicErrors" | "settings">): Enrichment {
  const deadlineMs = ports.settings.SUBGRAPH_TIMEOUT_MS * ROUNDS;
  const late = `no enrichment within ${deadlineMs} ms`;

  async function execute({ plan, variables }: BoundPlan, event: ReadableEvent, context: GatewayContext) {
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
      { ...ports.dataSources(), [plan.field.serviceName]: record },
      requestContext(request),
      { schema: generation.apiSchema, operation, fragments: { ...fragments } },
      generation.supergraphSchema,
      generation.planningSchema,
    );
  }

  return {
    async answer(bound, event, context) {
      try {
        const result = await withDeadline(execute(bound, event, context), deadlineMs, late);
        const errors = [...(result.errors ?? []), ...completionErrors(result.extensions?.["valueCompletion"])];
        const data = result.data ?? null;
        return errors.length === 0 ? { data } : { data, errors: ports.publicErrors(errors, context) };
      } catch (cause) {
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
