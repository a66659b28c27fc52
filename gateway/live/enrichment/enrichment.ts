/**
 * Turns an event into the answer of an operation: the record answers the planner's first fetch, the subgraphs the rest,
 * no entity older than the event. An answer always comes: what a subgraph cannot give is an error in it, never the end
 * of the stream.
 */
import type { GraphQLDataSource } from "@apollo/gateway";
import { GraphQLError } from "graphql";
import { withDeadline } from "../../../platform/deadline.ts";
import { fetchData, writeData } from "../../engine/operation-run.ts";
import { AnswerErrors } from "../../engine/response/answer-errors.ts";
import type { GatewayContext, LivePorts } from "../../ports.ts";
import { parseJson } from "../../transport/lossless-json.ts";
import { type SubgraphClient, type SubgraphRequest, variablesOf } from "../../transport/subgraph-client.ts";
import { unavailable } from "../../transport/unavailable-answer.ts";
import type { ReadableEvent } from "../log/event.ts";
import type { LiveMeter } from "../metrics.ts";
import type { BoundPlan } from "../plan/plan.ts";
import { answerFromRecord } from "../plan/record.ts";
import type { EnrichedAnswer } from "./enriched-answer.ts";
import type { EntityAnswer } from "./entity-batch.ts";
import { createFetchBatches } from "./fetch-batches.ts";
import { createFreshFetches } from "./freshness.ts";
import { sendTo } from "./source-request.ts";

export interface Enrichment {
  /**
   * Never rejects.
   * @param scope equal (by identity, if it is an object) for those who have the same rights: their fetches go out
   * together.
   */
  answer(
    bound: BoundPlan,
    event: ReadableEvent,
    context: GatewayContext,
    scope: object | string,
  ): Promise<EnrichedAnswer>;
}

/** Beyond the deadline of any single subgraph request: a data source that never settles must not stop its stream. */
const ROUNDS = 3;

export function createEnrichment(
  ports: Pick<LivePorts, "dataSources" | "publicErrors" | "settings">,
  meter: LiveMeter,
): Enrichment {
  const deadlineMs = ports.settings.SUBGRAPH_TIMEOUT_MS * ROUNDS;
  const late = `no enrichment within ${deadlineMs} ms`;
  const freshFetches = createFreshFetches(createFetchBatches(meter));

  /** The subgraphs of the plan, for one event. */
  function clientsFor(bound: BoundPlan, event: ReadableEvent, scope: object | string): Map<string, SubgraphClient> {
    const { query, variables, plan } = bound;
    const sources = ports.dataSources();

    async function ask(
      source: GraphQLDataSource<GatewayContext>,
      request: SubgraphRequest,
      context: GatewayContext,
    ): Promise<EntityAnswer> {
      const fetch = query.fetches.get(request.operation);
      if (fetch !== undefined && request.representations !== undefined) {
        const representations = request.representations.texts.map((text) => parseJson(text));
        return freshFetches.send(
          { source, scope, fetch, representations, variables: request.variables, context },
          event,
        );
      }
      meter.enrichmentFetches += 1;
      const { text, name } = request.operation;
      const { data = null, errors = [] } = await sendTo(source, context, {
        query: text,
        variables: variablesOf(request),
        operationName: name,
      });
      return { data, errors };
    }

    const clients = new Map<string, SubgraphClient>();
    for (const subgraph of query.subgraphs) {
      const source = sources[subgraph];
      if (source === undefined) continue;
      clients.set(subgraph, async (request, context) => {
        try {
          return { ...(await ask(source, request, context)), shared: false };
        } catch (error) {
          return unavailable(subgraph, request, context, error);
        }
      });
    }
    clients.set(plan.field.serviceName, async () => {
      return { data: answerFromRecord(query.record, event.envelope, variables), errors: [], shared: false };
    });
    return clients;
  }

  async function answer(bound: BoundPlan, event: ReadableEvent, context: GatewayContext, scope: object | string) {
    const { step, writer: writerFor } = bound.query.compiled;
    const writer = writerFor({ ...bound.variables });
    const clients = clientsFor(bound, event, scope);
    const run = await fetchData(step, writer, { clients, context, variables: { ...bound.renamed } });
    const errors = new AnswerErrors();
    const data = writeData(writer, run, errors);
    return { data, errors: errors.all() };
  }

  return {
    async answer(bound, event, given, scope) {
      const abandoned = new AbortController();
      const context: GatewayContext = { ...given, signal: abandoned.signal };
      try {
        const { data, errors } = await withDeadline(answer(bound, event, context, scope), deadlineMs, late);
        return errors.length === 0 ? { data } : { data, errors: ports.publicErrors(errors, context) };
      } catch (cause) {
        abandoned.abort();
        const originalError = cause instanceof Error ? cause : new Error(String(cause));
        const error = new GraphQLError("The event could not be enriched.", { originalError });
        return { data: "null", errors: ports.publicErrors([error], context) };
      }
    },
  };
}
