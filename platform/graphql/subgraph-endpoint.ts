/**
 * A subgraph behind its signed identity header, independent of transport: HTTP and the in-process data source call the
 * same `handle`, so a request means the same in both topologies.
 */
import { buildSubgraphSchema } from "@apollo/subgraph";
import {
  type DocumentNode,
  execute,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
  parse,
  validate,
} from "graphql";
import { LRUCache } from "lru-cache";
import { belongsTo, holds } from "../auth/identity.ts";
import { IDENTITY_HEADER, type IdentityVerifier } from "../auth/identity-header.ts";
import { assertInTime } from "../deadline.ts";
import { AppError, findAppError } from "../errors/app-error.ts";
import { collectDenials, type Denial } from "../errors/denials.ts";
import { toPublicError } from "../errors/graphql-errors.ts";
import type { Change } from "../events/envelope.ts";
import type { Logger } from "../logger/logger.ts";
import { traceFromHeaders } from "../tracing/trace-context.ts";
import { refuseCardNumbers } from "./card-number-guard.ts";
import type { DenialReporter } from "./denial-reporter.ts";
import type { RequestContext } from "./request-context.ts";
import { deadlineOf } from "./request-deadline.ts";
import { withVariableFields } from "./variable-errors.ts";

/** A resolver map by type name, checked against the schema by its generated type. */
export type SubgraphResolvers = Readonly<Record<string, object>>;

export interface SubgraphEndpointOptions<Context> {
  readonly name: string;
  readonly typeDefs: DocumentNode;
  readonly resolvers: SubgraphResolvers;
  /** Called once per request: loaders belong here, so that nothing is shared between viewers. */
  readonly createContext: (request: RequestContext) => Context;
  readonly verifier: IdentityVerifier;
  /** Does it answer queries only? Then commands are refused. */
  readonly queriesOnly?: boolean;
  /** Called when a request's commands are committed, before they are answered. */
  readonly afterCommands?: (request: RequestContext) => Promise<void>;
  /** Told of refusals before they are answered; absent: nobody is. */
  readonly denials?: DenialReporter;
  readonly logger: Logger;
}

export interface SubgraphRequestBody {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly operationName?: string | null | undefined;
}

export interface SubgraphResponseBody {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly GraphQLFormattedError[];
  readonly extensions?: Record<string, unknown>;
}

export interface SubgraphResponse {
  readonly status: number;
  readonly body: SubgraphResponseBody;
}

export interface SubgraphEndpoint {
  readonly name: string;
  readonly schema: GraphQLSchema;
  /**
   * The gateway refused a caller in the subgraph's stead: told like a refusal of its own.
   * @param headers lower-case names
   * @throws AppError `UNAUTHENTICATED` without a signed identity; `BAD_USER_INPUT` when the caller has the permission
   */
  takeDenial(headers: Readonly<Record<string, string | undefined>>, denial: Denial): Promise<void>;
  /** @param headers lower-case names. Never rejects: every failure is a response. */
  handle(headers: Readonly<Record<string, string | undefined>>, body: SubgraphRequestBody): Promise<SubgraphResponse>;
}

const MAX_DOCUMENTS = 2_000;

export function createSubgraphEndpoint<Context extends object>(
  options: SubgraphEndpointOptions<Context>,
): SubgraphEndpoint {
  const { name, typeDefs, resolvers, createContext, verifier, logger } = options;
  const schema = buildSubgraphSchema({ typeDefs, resolvers: asResolverMap(resolvers) });
  const documents = new LRUCache<string, DocumentNode>({ max: MAX_DOCUMENTS });
  /** Until when the commands of a request may begin. */
  const commandDeadlines = new WeakMap<object, number>();
  refuseCardNumbers(schema);
  refuseLateCommands(schema, commandDeadlines);

  function documentOf(query: string): DocumentNode | readonly GraphQLError[] {
    const cached = documents.get(query);
    if (cached !== undefined) return cached;
    let document: DocumentNode;
    try {
      document = parse(query, { maxTokens: 20_000 });
    } catch (error) {
      return [error instanceof GraphQLError ? error : new GraphQLError("The document cannot be parsed.")];
    }
    const problems = validate(schema, document);
    if (problems.length > 0) return problems;
    documents.set(query, document);
    return document;
  }

  return {
    name,
    schema,
    async takeDenial(headers, denial) {
      const { identity, client } = await verifier.verify(headers[IDENTITY_HEADER]);
      const { organizationId, permission } = denial;
      if (!belongsTo(identity, organizationId) || holds(identity, organizationId, permission)) {
        throw new AppError("BAD_USER_INPUT", "The caller is no member, or has the permission.");
      }
      const trace = traceFromHeaders(headers);
      const requestLogger = logger.child({ traceId: trace.traceId });
      await options.denials?.report({ identity, client, trace, logger: requestLogger, changes: [] }, [denial]);
    },
    async handle(headers, body) {
      const trace = traceFromHeaders(headers);
      const { traceId } = trace;
      const requestLogger = logger.child({ traceId });
      const fail = (errors: readonly GraphQLError[], status: number): SubgraphResponse => ({
        status,
        body: { errors: errors.map((error) => toPublicError(error, { logger: requestLogger, traceId })) },
      });
      try {
        const { identity, client } = await verifier.verify(headers[IDENTITY_HEADER]);
        const document = documentOf(body.query);
        if (!("kind" in document)) return fail(document, 400);
        const deadline = deadlineOf(headers);
        const mutation = isMutation(document, body.operationName);
        if (mutation && options.queriesOnly === true) throw queriesOnly(name);
        const request: RequestContext = {
          identity,
          client,
          trace,
          logger: requestLogger,
          changes: [],
          commands: mutation,
          [mutation ? "commandDeadline" : "readDeadline"]: deadline,
        };
        const contextValue = createContext(request);
        if (mutation && deadline !== undefined) commandDeadlines.set(contextValue, deadline);
        const { result, denials } = await collectDenials(() =>
          execute({
            schema,
            document,
            contextValue,
            variableValues: body.variables ?? {},
            operationName: body.operationName ?? null,
          }),
        );
        if (mutation) await options.afterCommands?.(request);
        if (denials.length > 0) await options.denials?.report(request, denials);
        const variables = body.variables ?? {};
        const refused = { schema, document, operationName: body.operationName, variables };
        const failures = result.errors ?? [];
        const own = result.data === undefined ? withVariableFields(failures, refused) : failures;
        const errors = [...own, ...(request.additionalErrors ?? [])].map((error) =>
          toPublicError(error, { logger: requestLogger, traceId }),
        );
        return {
          status: 200,
          body: {
            ...(result.data === undefined ? {} : { data: result.data }),
            ...(errors.length === 0 ? {} : { errors }),
            ...extensionsOf(request, mutation),
          },
        };
      } catch (error) {
        const status = findAppError(error)?.status ?? 500;
        const originalError = error instanceof Error ? error : new AppError("INTERNAL_SERVER_ERROR", String(error));
        return fail([new GraphQLError(originalError.message, { originalError })], status);
      }
    },
  };
}

/**
 * The commands of one operation run one after the other: what has not begun when nobody waits any more is not begun.
 */
function refuseLateCommands(schema: GraphQLSchema, deadlines: WeakMap<object, number>): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { resolve } = field;
    if (resolve === undefined) continue;
    field.resolve = (source, input, context: object, info) => {
      assertInTime(deadlines.get(context));
      return resolve(source, input, context, info);
    };
  }
}

function queriesOnly(name: string): AppError {
  return new AppError("BAD_REQUEST", `This process of the ${name} subgraph answers queries: send commands to another.`);
}

/** What a command has to tell the gateway beside its answer. Every mutation says what it changed, be it nothing. */
function extensionsOf(
  { idempotencyReplayed, rightsChanged, changes }: RequestContext,
  mutation: boolean,
): Pick<SubgraphResponseBody, "extensions"> {
  if (!mutation && idempotencyReplayed !== true && rightsChanged !== true) return {};
  return {
    extensions: {
      ...(idempotencyReplayed === true ? { idempotency: { replayed: true } } : {}),
      ...(rightsChanged === true ? { identity: { changed: true } } : {}),
      ...(mutation ? { changes: changes.map(publicChange) } : {}),
    },
  };
}

function isMutation(document: DocumentNode, operationName: string | null | undefined): boolean {
  return getOperationAST(document, operationName)?.operation === OperationTypeNode.MUTATION;
}

/** What names the stale answers, without who did it and from where. */
function publicChange({ id, type, subject, orgid, partitionkey, data }: Change): Change {
  return {
    type,
    subject,
    partitionkey,
    data,
    ...(id === undefined ? {} : { id }),
    ...(orgid === undefined ? {} : { orgid }),
  };
}

type ResolverMap = Extract<Parameters<typeof buildSubgraphSchema>[0], { resolvers?: unknown }>["resolvers"];

/** `buildSubgraphSchema` wants an index signature, which generated types rightly lack. */
function asResolverMap(resolvers: SubgraphResolvers): NonNullable<ResolverMap> {
  // biome-ignore lint/plugin/unchecked-cast: a type that the library writes too wide, no value from outside
  return resolvers as NonNullable<ResolverMap>;
}
