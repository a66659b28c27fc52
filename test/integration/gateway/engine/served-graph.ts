// A supergraph over subgraphs with resolvers of a test's own, run by our executor; what each subgraph is sent can be
// read.
import { composeServices } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { execute, parse, validate } from "graphql";
import { buildGeneration } from "../../../../gateway/composition/schema-generation.ts";
import { createExecutor } from "../../../../gateway/engine/executor.ts";
import { createEntityBatching } from "../../../../gateway/transport/entity-batches.ts";
import { isJsonObject, type JsonObject } from "../../../../gateway/transport/json-object.ts";
import {
  type SubgraphAnswer,
  type SubgraphClient,
  variablesOf,
} from "../../../../gateway/transport/subgraph-client.ts";
import { anonymousContext } from "../../../support/anonymous-context.ts";

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5",
  import: ["@key", "@shareable", "@external", "@requires", "@inaccessible", "@interfaceObject"])`;

export interface ServedSubgraph {
  readonly sdl: string;
  /** As `buildSubgraphSchema` takes them. */
  readonly resolvers?: Parameters<typeof buildSubgraphSchema>[0] extends infer Options
    ? Options extends { resolvers?: infer Resolvers }
      ? Resolvers
      : never
    : never;
  /** Answers in the place of the resolvers where it returns something. */
  answer?(query: string, variables: JsonObject): SubgraphAnswer | undefined;
}

export interface Sent {
  readonly subgraph: string;
  readonly query: string;
  readonly variables: JsonObject;
}

export interface Told {
  readonly data: unknown;
  /** Message and path (joined by dots) of each. */
  readonly errors: readonly string[];
}

export function servedGraph(subgraphs: Readonly<Record<string, ServedSubgraph>>) {
  const services = Object.entries(subgraphs).map(([name, { sdl }]) => ({
    name,
    url: `http://${name}`,
    typeDefs: parse(`${LINK} ${sdl}`),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join("\n"));
  const generation = buildGeneration(supergraphSdl);
  const sent: Sent[] = [];
  const batching = createEntityBatching();
  const clients = new Map(
    services.map(({ name, typeDefs }) => [name, batching.batch(name, clientOf(name, typeDefs, subgraphs[name], sent))]),
  );
  const executor = createExecutor({ clients: () => clients });

  return {
    generation,
    /** Everything that was sent to subgraphs since the last run began. */
    sent,
    async run(query: string, variables: JsonObject = {}): Promise<Told> {
      sent.length = 0;
      const document = parse(query);
      const [problem] = validate(generation.apiSchema, document);
      if (problem !== undefined) throw problem;
      const context = anonymousContext();
      const operation = { generation, documentId: query, document, operationName: undefined, variables, context };
      const answer = await executor.execute(operation);
      return {
        data: answer.data === undefined ? undefined : JSON.parse(answer.data),
        errors: answer.errors.map(({ message, path }) =>
          [message, ...(path === undefined ? [] : [`at ${path.join(".")}`])].join(" "),
        ),
      };
    },
  };
}

function clientOf(
  subgraph: string,
  typeDefs: ReturnType<typeof parse>,
  served: ServedSubgraph | undefined,
  sent: Sent[],
): SubgraphClient {
  const schema = buildSubgraphSchema({ typeDefs, resolvers: served?.resolvers ?? {} });
  return async (request) => {
    const query = request.operation.text;
    const variables = variablesOf(request);
    sent.push({ subgraph, query, variables });
    const own = served?.answer?.(query, variables);
    if (own !== undefined) return own;
    const document = parse(query);
    const problems = validate(schema, document);
    if (problems.length > 0) return { data: null, errors: problems.map((problem) => problem.toJSON()), shared: false };
    const { data, errors = [] } = await execute({ schema, document, variableValues: variables });
    const copy: unknown = JSON.parse(JSON.stringify(data ?? null));
    return { data: isJsonObject(copy) ? copy : null, errors: errors.map((error) => error.toJSON()), shared: false };
  };
}
