/**
 * The `cache` subgraph's resolvers: what is cached under a tag, and dropping it. Operators only; each eviction is
 * logged with who asked.
 */
import { createHash } from "node:crypto";
import { GraphQLError } from "graphql";
import { principalId, principalOf } from "../../../platform/auth/identity.ts";
import { isOperator } from "../../../platform/auth/operators.ts";
import type { CacheEntryFacts } from "../../../platform/cache/cache-lookup.ts";
import type { Clock } from "../../../platform/clock.ts";
import { AppError } from "../../../platform/errors/app-error.ts";
import { refuse } from "../../../platform/errors/user-failure.ts";
import { mutationPayload } from "../../../platform/graphql/mutation-payload.ts";
import type { RequestContext } from "../../../platform/graphql/request-context.ts";
import { scalars } from "../../../platform/graphql/scalars.ts";
import type { Resolvers, ResolversOf } from "../../../schema/generated/cache.ts";
import type { InspectableCache } from "./cache-registry.ts";
import type { EvictionCalls } from "./eviction-calls.ts";

export interface ConsoleContext {
  readonly caches: ReadonlyMap<string, InspectableCache>;
  /** Drops from all caches of this gateway what carries one of the tags. */
  readonly evict: (tags: readonly string[]) => Promise<void>;
  readonly calls: EvictionCalls;
  readonly operatorOrganizationId: string | undefined;
  readonly clock: Clock;
  readonly request: RequestContext;
}

interface NamedEntry extends CacheEntryFacts {
  readonly cache: string;
}

interface ConsoleParents {
  readonly CacheEntry: NamedEntry;
}

interface Evicted {
  readonly evictedCount: number | null;
  readonly gatewayCount: number | null;
}

const MAX_ENTRIES = 500;
const MAX_TAGS = 100;
const MAX_TAG_LENGTH = 256;
const ONLY_OPERATORS = "Only operators of this installation may look into its caches.";

const query: ResolversOf<"Query", ConsoleContext, ConsoleParents> = {
  async cacheEntries(_parent, { tag, first }, { caches, operatorOrganizationId, request }) {
    if (!isOperator(request.identity, operatorOrganizationId)) throw new AppError("FORBIDDEN", ONLY_OPERATORS);
    if (first < 1 || first > MAX_ENTRIES) {
      throw new AppError("BAD_USER_INPUT", `\`first\` is 1 to ${MAX_ENTRIES}.`);
    }
    return entriesUnder([tag], caches)
      .toSorted((a, b) => b.storedAt - a.storedAt)
      .slice(0, first);
  },
};

const mutation: ResolversOf<"Mutation", ConsoleContext, ConsoleParents> = {
  cacheEvict: (_parent, { input: { tags } }, { caches, evict, calls, operatorOrganizationId, request }, info) =>
    mutationPayload<Evicted>({ evictedCount: null, gatewayCount: null }, async () => {
      const { identity, logger } = request;
      if (!isOperator(identity, operatorOrganizationId)) throw refuse("FORBIDDEN", ONLY_OPERATORS);
      if (tags.length === 0 || tags.length > MAX_TAGS) throw refuse("INVALID", `Give 1 to ${MAX_TAGS} tags.`, "tags");
      if (tags.some((tag) => tag === "")) throw refuse("BLANK", "A tag is empty.", "tags");
      if (tags.some((tag) => tag.length > MAX_TAG_LENGTH)) {
        throw refuse("TOO_LONG", `A tag has at most ${MAX_TAG_LENGTH} characters.`, "tags");
      }
      const evictedCount = entriesUnder(tags, caches).length;
      await evict(tags);
      const gatewayCount = await calls.tell(tags).catch((cause: unknown) => {
        const originalError = new AppError("INCOMPLETE", "Other gateways could not be told: try again shortly.", {
          retryable: true,
          cause,
        });
        request.additionalErrors = [new GraphQLError(originalError.message, { originalError, path: [info.path.key] })];
        return null;
      });
      const principal = principalOf(identity);
      const callerId = principal === undefined ? identity.kind : principalId(principal);
      logger.info({ callerId, tags, evictedCount, gatewayCount }, "cache entries were evicted by hand");
      return { evictedCount, gatewayCount };
    }),
};

/** Each once, also when it carries several of the tags. */
function entriesUnder(tags: readonly string[], caches: ReadonlyMap<string, InspectableCache>): NamedEntry[] {
  return [...caches].flatMap(([cache, { lookup }]) => {
    const entries = new Map(tags.flatMap(lookup).map((entry) => [entry.key, entry]));
    return [...entries.values()].map((entry) => ({ ...entry, cache }));
  });
}

const cacheEntry: ResolversOf<"CacheEntry", ConsoleContext, ConsoleParents> = {
  key: ({ key }) => createHash("sha256").update(key).digest("base64url").slice(0, 22),
  age: ({ storedAt }, _args, { clock }) => Math.max(0, Math.floor((clock.now().getTime() - storedAt) / 1_000)),
  expiresAt: ({ expiresAt }) => new Date(expiresAt),
  bytes: ({ bytes }) => bytes() ?? null,
};

export const resolvers: Resolvers<ConsoleContext, ConsoleParents> = {
  DateTime: scalars.DateTime,
  Query: query,
  Mutation: mutation,
  CacheEntry: cacheEntry,
};
