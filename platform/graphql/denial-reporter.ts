/**
 * Publishes that members were refused for want of a permission: a refusal commits nothing, so no event told of it. The
 * same refusal of the same person is told once a minute: a page that asks again and again is no news.
 */
import { LRUCache } from "lru-cache";
import { principalId, principalOf, responsibleUser } from "../auth/identity.ts";
import type { ApiKeyId, OrganizationId, UserId } from "../auth/principal-ids.ts";
import { type CommandDeps, runCommand } from "../database/command.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import type { Denial } from "../errors/denials.ts";
import type { Causation, DomainEvent } from "../events/envelope.ts";
import { causationOf, type RequestContext } from "./request-context.ts";

export interface DenialReporter {
  /** Never rejects: the answer goes on when the refusal cannot be told. */
  report(request: RequestContext, denials: readonly Denial[]): Promise<void>;
}

/** A refusal with whom it concerns: a user, or a program for which a user answers. */
export interface PublishedDenial extends Denial {
  readonly userId: UserId;
  readonly apiKeyId?: ApiKeyId;
}

export interface DenialReporterOptions {
  readonly event: (denied: PublishedDenial) => DomainEvent;
  /** Commits the events. @param tenants their owners */
  readonly publish: (
    events: readonly DomainEvent[],
    causation: Causation,
    tenants: readonly OrganizationId[],
  ) => Promise<unknown>;
}

const QUIET_MS = 60_000;
const MAX_TOLD = 10_000;

export function createDenialReporter({ event, publish }: DenialReporterOptions): DenialReporter {
  const told = new LRUCache<string, true>({ max: MAX_TOLD, ttl: QUIET_MS });
  return {
    async report(request, denials) {
      const { identity, logger } = request;
      const principal = principalOf(identity);
      if (principal === undefined) return;
      const whom = {
        userId: responsibleUser(principal),
        ...(principal.kind === "API_KEY" ? { apiKeyId: principal.keyId } : {}),
      };
      const caller = principalId(principal);
      const news = new Map(
        denials.map((denial) => [`${caller} ${denial.organizationId} ${denial.permission}`, denial] as const),
      );
      for (const key of news.keys()) if (told.has(key)) news.delete(key);
      if (news.size === 0) return;
      for (const key of news.keys()) told.set(key, true);
      // It is told however late the request is, and changes nothing that the gateway holds.
      const { onBegin: _begin, onAppended: _appended, ...causation } = causationOf(request);
      const tenants = [...new Set([...news.values()].map(({ organizationId }) => organizationId))];
      try {
        await publish(
          [...news.values()].map((denial) => event({ ...denial, ...whom })),
          causation,
          tenants,
        );
      } catch (error) {
        for (const key of news.keys()) told.delete(key);
        logger.error({ err: error }, "a refusal could not be published");
      }
    },
  };
}

/** For subgraphs whose events follow from a transaction like any other. */
export function publishing<Tx extends SqlTransaction>({
  database,
  outbox,
}: Pick<CommandDeps<Tx>, "database" | "outbox">): DenialReporterOptions["publish"] {
  return (events, causation, tenants) =>
    runCommand({ database, outbox }, { tenants, causation }, async ({ emit }) => {
      for (const event of events) emit(event);
    });
}
