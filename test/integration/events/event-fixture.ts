// One producer and its log on a Postgres of the test's own: real database roles, a contract invented here, an effect
// table.
import { pino } from "pino";
import { systemClock } from "../../../platform/clock.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { createEventContracts } from "../../../platform/events/contracts.ts";
import { deadLetterSchema } from "../../../platform/events/dead-letter.ts";
import type { Causation, DomainEvent, EventEnvelope } from "../../../platform/events/envelope.ts";
import type { EventLog, LogRecord } from "../../../platform/events/event-log.ts";
import { createOutbox, type RelayWake } from "../../../platform/events/outbox.ts";
import { createPostgresEventLog } from "../../../platform/events/postgres-event-log.ts";
import { createIdSource } from "../../../platform/ids.ts";
import { createUserClient } from "../../../prisma/user/client.ts";
import type { PrismaClient } from "../../../prisma/user/generated/client.ts";
import { textAsId } from "../../support/identities.ts";
import { startEventDatabases } from "../../support/services/event-databases.ts";

export const THING = "test.thing.happened.v1";
export const FROM_REQUEST: Causation = { actorKind: "SERVICE", correlationId: "request-1", hop: 0 };
export const silent = pino({ level: "silent" });

export function thing(key: string, n: number, extra: Readonly<Record<string, unknown>> = {}): DomainEvent {
  return {
    type: THING,
    subject: `thing_${key}`,
    aggregateVersion: n,
    key: textAsId("org", key),
    data: { n, ...extra },
  };
}

/** @param open the event log; default: that of Postgres */
export async function createEventFixture(open: (eventsUrl: string) => EventLog = postgresLog) {
  const databases = await startEventDatabases();
  await databases.user.query(`
    CREATE TABLE effect (position bigint GENERATED ALWAYS AS IDENTITY, consumer text, event_id uuid, key text, n int);
    GRANT SELECT, INSERT ON effect TO tributary_user_app`);
  const contracts = createEventContracts(
    new Map([
      [
        THING,
        {
          $schema: "https://json-schema.org/draft/2020-12/schema",
          type: "object",
          required: ["n"],
          properties: { n: { type: "integer" }, text: { type: "string" } },
          additionalProperties: false,
        },
      ],
    ]),
  );
  const log = open(databases.eventsUrl);
  await log.start();
  const client = createUserClient(databases.appUrl, { poolSize: 10 });
  const ids = createIdSource(systemClock);
  const outboxOf = (topic: string, relay?: RelayWake) =>
    createOutbox({
      ...{ contracts, clock: systemClock, ids, source: "/tributary/test", topic },
      ...(relay === undefined ? {} : { relay }),
    });

  return {
    databases,
    contracts,
    log,
    client,
    outboxOf,
    /** Commits a change that says `events` happened. */
    publish(topic: string, events: readonly DomainEvent[], database: PrismaClient = client): Promise<EventEnvelope[]> {
      return inTenants(database, [...new Set(events.map(({ key }) => key))], (tx) =>
        outboxOf(topic).append(tx, events, FROM_REQUEST),
      );
    },
    async effects(consumer: string): Promise<{ key: string; n: number; event_id: string }[]> {
      const found = await databases.user.query(
        "SELECT key, n, event_id FROM effect WHERE consumer = $1 ORDER BY position",
        [consumer],
      );
      return found.rows;
    },
    async unsent(topic: string): Promise<number> {
      const found = await databases.user.query(
        "SELECT count(*)::int AS n FROM outbox WHERE topic = $1 AND sent_at IS NULL",
        [topic],
      );
      return found.rows[0].n;
    },
    async deadLetters(topic: string) {
      await log.ensureTopics([`${topic}.dlq`]);
      return (await readTopic(log, `${topic}.dlq`)).map(({ value }) => deadLetterSchema.parse(JSON.parse(value)));
    },
    async stop() {
      await client.$disconnect();
      await log.stop();
      await databases.stop();
    },
  };
}

function postgresLog(connectionString: string): EventLog {
  return createPostgresEventLog({ connectionString, logger: silent, rebalanceMs: 100 });
}

export type EventFixture = Awaited<ReturnType<typeof createEventFixture>>;

/** Everything in a topic, partition by partition. */
export async function readTopic(log: EventLog, topic: string): Promise<LogRecord[]> {
  const found: LogRecord[] = [];
  for (const { partition, low } of await log.ranges(topic)) {
    for (let from = low; ; ) {
      const page = await log.read({ topic, partition, from, limit: 1_000 });
      const last = page.at(-1);
      if (last === undefined) break;
      found.push(...page);
      from = last.offset + 1n;
    }
  }
  return found;
}
