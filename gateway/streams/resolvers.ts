/**
 * The `streams` subgraph's resolvers. A viewer sees and closes their own subscriptions, whatever they may do in
 * organisations.
 */
import { GraphQLError } from "graphql";
import { AppError } from "../../platform/errors/app-error.ts";
import { refuse } from "../../platform/errors/user-failure.ts";
import { mutationPayload } from "../../platform/graphql/mutation-payload.ts";
import type { RequestContext } from "../../platform/graphql/request-context.ts";
import { scalars } from "../../platform/graphql/scalars.ts";
import type { Resolvers, ResolversOf } from "../../schema/generated/streams.ts";
import type { Directory } from "./directory.ts";
import type { Entry } from "./entry.ts";

export interface StreamsContext {
  readonly directory: Directory;
  readonly request: RequestContext;
}

interface StreamsParents {
  readonly LiveSubscription: Entry;
}

const MAX_LISTED = 500;

const query: ResolversOf<"Query", StreamsContext, StreamsParents> = {
  async liveSubscriptions(_parent, _args, { directory, request }, info) {
    const { identity } = request;
    if (identity.kind !== "USER") return [];
    const { entries, complete } = await directory.list(identity.userId);
    if (!complete) {
      const originalError = new AppError("INCOMPLETE", "Subscriptions on other gateways are not listed right now.", {
        retryable: true,
      });
      request.additionalErrors = [new GraphQLError(originalError.message, { originalError, path: [info.path.key] })];
    }
    // Ids sort by time.
    return entries.toSorted((a, b) => (a.id < b.id ? 1 : -1)).slice(0, MAX_LISTED);
  },
};

const mutation: ResolversOf<"Mutation", StreamsContext, StreamsParents> = {
  liveSubscriptionClose: (_parent, { input: { id } }, { directory, request: { identity } }) =>
    mutationPayload<{ closedId: string | null }>({ closedId: null }, async () => {
      if (identity.kind !== "USER") throw new AppError("UNAUTHENTICATED", "Sign in first.");
      if (!(await directory.close(identity.userId, id))) {
        throw refuse("NOT_FOUND", "There is no such live subscription.", "id");
      }
      return { closedId: id };
    }),
};

const liveSubscription: ResolversOf<"LiveSubscription", StreamsContext, StreamsParents> = {
  organization: ({ organizationId }) => (organizationId === null ? null : { id: organizationId }),
  session: ({ sessionId }) => ({ id: sessionId }),
  startedAt: ({ startedAt }) => new Date(startedAt),
  deliveredCount: ({ delivered }) => BigInt(delivered),
  current: ({ sessionId }, _args, { request: { identity } }) =>
    identity.kind === "USER" && identity.sessionId === sessionId,
};

export const resolvers: Resolvers<StreamsContext, StreamsParents> = {
  DateTime: scalars.DateTime,
  BigInt: scalars.BigInt,
  Query: query,
  Mutation: mutation,
  LiveSubscription: liveSubscription,
};
