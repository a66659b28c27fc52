/** The audit subgraph: an append-only, hash-chained record of every event, readable by those who may. */
import { createIdentityVerifier } from "../../platform/auth/identity-header.ts";
import { deadLetterTopic } from "../../platform/events/dead-letter.ts";
import { createGroupConsumer } from "../../platform/events/group-consumer.ts";
import { createRecordConsumer } from "../../platform/events/record-consumer.ts";
import { createRelay } from "../../platform/events/relay.ts";
import { createCursorCodec } from "../../platform/graphql/connection.ts";
import { createDenialReporter } from "../../platform/graphql/denial-reporter.ts";
import type { Subgraph, SubgraphRuntime } from "../../platform/graphql/subgraph.ts";
import { createSubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import { outboxOf } from "../../platform/graphql/subgraph-outbox.ts";
import { loadTypeDefs } from "../../platform/graphql/type-defs.ts";
import { publishOwnEvents } from "./commands/publish-own-events.ts";
import { createCompletenessMonitor } from "./completeness/completeness-monitor.ts";
import { auditHandler } from "./consumers.ts";
import { type AuditContext, createAuditContext } from "./context.ts";
import { letterHandler } from "./dead-letters/letter-consumer.ts";
import { createLetterCounts } from "./dead-letters/letter-counts.ts";
import { accessDenied } from "./domain-events.ts";
import { runHandlers, tenantsOfRuns } from "./job-runs/run-consumer.ts";
import { resolvers } from "./resolvers/index.ts";
import type { AuditServices } from "./services.ts";
import { openAuditDatabase } from "./store/database.ts";
import { LETTER_READER, RECORDER, RUN_RECORDER } from "./subgraph-name.ts";

const POOL_SIZE = 12;
/** A command's events come together: one lock of the chain and one commit for all of them. */
const EVENTS_PER_TRANSACTION = 50;

export interface AuditSubgraphDeps extends SubgraphRuntime {
  readonly settings: { readonly OPERATOR_ORGANIZATION_ID?: string | undefined };
}

export function createAuditSubgraph(deps: AuditSubgraphDeps): Subgraph {
  const { name, topic, consumedTopics, databaseUrls, eventLog, contracts, clock, ids, identitySecrets } = deps;
  const logger = deps.logger.child({ subgraph: name });
  const database = openAuditDatabase("audit database", databaseUrls.app, POOL_SIZE);
  const relay = createRelay({ databaseUrl: databaseUrls.relay, log: eventLog, topic, logger });
  const services: AuditServices = {
    database,
    outbox: outboxOf(name, { contracts, clock, ids, relay }),
    clock,
    ids,
    cursors: createCursorCodec(identitySecrets),
    contracts,
    operatorOrganizationId: deps.settings.OPERATOR_ORGANIZATION_ID,
  };
  const recorder = createGroupConsumer({
    log: eventLog,
    group: RECORDER,
    topics: consumedTopics,
    contracts,
    database,
    handlers: auditHandler(services),
    together: EVENTS_PER_TRANSACTION,
    // An entry says when what it tells of happened; it need not come before later ones.
    lateEvents: "accept",
    clock,
    logger,
  });
  const runs = createGroupConsumer({
    log: eventLog,
    group: RUN_RECORDER,
    topics: consumedTopics,
    contracts,
    database,
    handlers: runHandlers(services),
    tenants: () => tenantsOfRuns(services),
    // The recorder reads the same topics, and keeps what is no event.
    undecodable: "skip",
    // What is stored of a run has its version.
    lateEvents: "accept",
    clock,
    logger,
  });
  const counts = createLetterCounts(database, logger);
  const letters = createRecordConsumer({
    log: eventLog,
    group: LETTER_READER,
    topics: [topic, ...consumedTopics].map(deadLetterTopic),
    handle: letterHandler(services, counts.stored),
    logger,
  });
  const completeness = createCompletenessMonitor({ log: eventLog, topics: consumedTopics, database, logger });
  const endpoint = createSubgraphEndpoint<AuditContext>({
    name,
    typeDefs: loadTypeDefs(name),
    resolvers,
    createContext: (request) => createAuditContext(services, request),
    verifier: createIdentityVerifier(identitySecrets, name, clock),
    denials: createDenialReporter({
      event: accessDenied,
      publish: (events, causation, tenants) => publishOwnEvents(services, events, causation, tenants),
    }),
    logger,
  });
  return {
    name,
    endpoint,
    parts: [
      database.part,
      { name: "audit relay", start: async () => relay.start(), stop: () => relay.stop() },
      {
        name: "audit recorder",
        start: () => recorder.start(),
        leave: () => void recorder.stop(),
        stop: () => recorder.stop(),
      },
      {
        name: "audit job runs",
        start: () => runs.start(),
        leave: () => void runs.stop(),
        stop: () => runs.stop(),
      },
      {
        name: "audit dead letters",
        start: () => letters.start(),
        leave: () => void letters.stop(),
        stop: () => letters.stop(),
      },
      counts.part,
      completeness.part,
    ],
    relays: [relay],
    consumers: [recorder, runs, letters],
    checks: [database.check],
    metrics: () => [...counts.metrics(), ...completeness.metrics()],
  };
}
