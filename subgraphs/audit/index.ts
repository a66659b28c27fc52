/** The audit subgraph: an append-only, hash-chained record of every event, readable by those who may. */
import { createIdentityVerifier } from "../../platform/auth/identity-header.ts";
import { createGroupConsumer } from "../../platform/events/group-consumer.ts";
import { createRelay } from "../../platform/events/relay.ts";
import { createCursorCodec } from "../../platform/graphql/connection.ts";
import type { Subgraph, SubgraphRuntime } from "../../platform/graphql/subgraph.ts";
import { createSubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import { outboxOf } from "../../platform/graphql/subgraph-outbox.ts";
import { loadTypeDefs } from "../../platform/graphql/type-defs.ts";
import { auditHandler } from "./consumers.ts";
import { type AuditContext, createAuditContext } from "./context.ts";
import { resolvers } from "./resolvers/index.ts";
import type { AuditServices } from "./services.ts";
import { openAuditDatabase } from "./store/database.ts";

const POOL_SIZE = 12;
/** A command's events come together: one lock of the chain and one commit for all of them. */
const EVENTS_PER_TRANSACTION = 50;

export function createAuditSubgraph(deps: SubgraphRuntime): Subgraph {
  const { name, topic, consumedTopics, databaseUrls, eventLog, contracts, clock, ids, identitySecrets } = deps;
  const logger = deps.logger.child({ subgraph: name });
  const database = openAuditDatabase("audit database", databaseUrls.app, POOL_SIZE);
  const services: AuditServices = {
    database,
    outbox: outboxOf(name, { contracts, clock, ids }),
    clock,
    ids,
    cursors: createCursorCodec(identitySecrets),
  };
  const relay = createRelay({ databaseUrl: databaseUrls.relay, log: eventLog, topic, logger });
  const recorder = createGroupConsumer({
    log: eventLog,
    group: "audit.entries",
    topics: consumedTopics,
    contracts,
    database,
    handlers: auditHandler(services),
    together: EVENTS_PER_TRANSACTION,
    clock,
    logger,
  });
  const endpoint = createSubgraphEndpoint<AuditContext>({
    name,
    typeDefs: loadTypeDefs(name),
    resolvers,
    createContext: (request) => createAuditContext(services, request),
    verifier: createIdentityVerifier(identitySecrets, name, clock),
    logger,
  });
  return {
    name,
    endpoint,
    parts: [
      database.part,
      { name: "audit relay", start: async () => relay.start(), stop: () => relay.stop() },
      { name: "audit recorder", start: () => recorder.start(), stop: () => recorder.stop() },
    ],
    checks: [database.check],
  };
}
