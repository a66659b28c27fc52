/** The audit subgraph: an append-only, hash-chained record of every event, readable by those who may. */
import { createIdentityVerifier } from "../../platform/auth/identity-header.ts";
import { createGroupConsumer } from "../../platform/events/group-consumer.ts";
import { createOutbox } from "../../platform/events/outbox.ts";
import { createRelay } from "../../platform/events/relay.ts";
import { createCursorCodec } from "../../platform/graphql/connection.ts";
import type { Subgraph, SubgraphFloor } from "../../platform/graphql/subgraph.ts";
import { createSubgraphEndpoint } from "../../platform/graphql/subgraph-endpoint.ts";
import { loadTypeDefs } from "../../platform/graphql/type-defs.ts";
import { auditHandler, RECORDED_TOPICS } from "./consumers.ts";
import { type AuditContext, createAuditContext } from "./context.ts";
import { resolvers } from "./resolvers/index.ts";
import type { AuditServices } from "./services.ts";
import { openAuditDatabase } from "./store/database.ts";

const NAME = "audit";
const TOPIC = "audit.events";
const POOL_SIZE = 12;
/** A command's events come together: one lock of the chain and one commit for all of them. */
const EVENTS_PER_TRANSACTION = 50;

export interface AuditSubgraphDeps extends SubgraphFloor {
  readonly settings: { readonly AUDIT_DATABASE_URL: string; readonly AUDIT_RELAY_DATABASE_URL: string };
}

export function createAuditSubgraph(deps: AuditSubgraphDeps): Subgraph {
  const { settings, eventLog, contracts, clock, ids, identitySecrets } = deps;
  const logger = deps.logger.child({ subgraph: NAME });
  const database = openAuditDatabase("audit database", settings.AUDIT_DATABASE_URL, POOL_SIZE);
  const services: AuditServices = {
    database,
    outbox: createOutbox({ contracts, clock, ids, source: `/tributary/${NAME}`, topic: TOPIC }),
    clock,
    ids,
    cursors: createCursorCodec(identitySecrets),
  };
  const relay = createRelay({ databaseUrl: settings.AUDIT_RELAY_DATABASE_URL, log: eventLog, topic: TOPIC, logger });
  const recorder = createGroupConsumer({
    log: eventLog,
    group: "audit.entries",
    topics: RECORDED_TOPICS,
    contracts,
    database,
    handlers: auditHandler(services),
    together: EVENTS_PER_TRANSACTION,
    clock,
    logger,
  });
  const endpoint = createSubgraphEndpoint<AuditContext>({
    name: NAME,
    typeDefs: loadTypeDefs(NAME),
    resolvers,
    createContext: (request) => createAuditContext(services, request),
    verifier: createIdentityVerifier(identitySecrets, NAME, clock),
    logger,
  });
  return {
    name: NAME,
    endpoint,
    parts: [
      database.part,
      { name: "audit relay", start: async () => relay.start(), stop: () => relay.stop() },
      { name: "audit recorder", start: () => recorder.start(), stop: () => recorder.stop() },
    ],
    checks: [database.check],
  };
}
