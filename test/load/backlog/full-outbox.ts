// An outbox with a backlog, on a Postgres of its own: written once by the real outbox, filled again from a copy.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { systemClock } from "../../../platform/clock.ts";
import { inTenants } from "../../../platform/database/tenant-transaction.ts";
import { loadEventContracts } from "../../../platform/events/contracts.ts";
import { envelopeSchema } from "../../../platform/events/envelope.ts";
import { createOutbox } from "../../../platform/events/outbox.ts";
import { createIdSource } from "../../../platform/ids.ts";
import { createUserClient } from "../../../prisma/user/client.ts";
import { eventFixtures } from "../../support/event-fixtures.ts";
import { namedId } from "../../support/identities.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import type { EventDatabases } from "../../support/services/event-databases.ts";
import { createZipf } from "../zipf.ts";

export interface FullOutbox {
  /** Empties the outbox and fills it anew, unsent, for a topic. */
  refill(topic: string): Promise<void>;
  unsent(): Promise<number>;
  /** Ids of the events per key, in the order in which they were committed. */
  readonly order: ReadonlyMap<string, readonly string[]>;
  /** Mean of an event's text. */
  readonly bytesPerEvent: number;
}

const KEYS = 1_000;
/** A busy organisation has more events than the others, as in life. */
const SKEW = 0.9;
const EVENTS_PER_COMMIT = 250;
const CONTRACTS = join(import.meta.dirname, "../../../schema/events");

const copied = z.array(z.object({ event_id: z.string(), tenant_id: z.string(), bytes: z.int() }));

/** @param rows events of every kind that the platform has, of 1,000 organisations */
export async function fillOutbox(databases: EventDatabases, rows: number): Promise<FullOutbox> {
  const client = createUserClient(databases.appUrl, { poolSize: 2 });
  const outbox = createOutbox({
    contracts: await loadEventContracts(CONTRACTS),
    clock: systemClock,
    ids: createIdSource(systemClock),
    source: "/tributary/user",
    topic: `backlog.${randomUUID()}`,
  });
  const samples = eventFixtures.map(({ text }) => envelopeSchema.parse(JSON.parse(text)));
  const random = seededRandom(7);
  const nextKey = createZipf(KEYS, SKEW);
  try {
    for (let done = 0; done < rows; done += EVENTS_PER_COMMIT) {
      const events = Array.from({ length: Math.min(EVENTS_PER_COMMIT, rows - done) }, (_, index) => {
        const sample = samples[(done + index) % samples.length];
        if (sample === undefined) throw new Error("there is no sample of an event");
        const key = namedId("org", String(nextKey(random())));
        const { type, subject, aggregateversion: aggregateVersion, data } = sample;
        return { type, subject, aggregateVersion, key, organizationId: key, data };
      });
      const causation = {
        actorKind: "USER",
        actorId: namedId("usr", "backlog"),
        sessionId: namedId("ses", "backlog"),
        clientIp: "203.0.113.7",
        userAgent: "Mozilla/5.0 (X11; Linux x86_64)",
        correlationId: randomUUID(),
        hop: 0,
        traceparent: "00-f2fbee78dbbf75cd96ef527e506f4389-7776b446ea478de7-01",
      } as const;
      await inTenants(client, [...new Set(events.map(({ key }) => key))], (tx) => outbox.append(tx, events, causation));
    }
  } finally {
    await client.$disconnect();
  }

  const { user } = databases;
  await user.query("CREATE TABLE backlog AS SELECT position, event_id, tenant_id, envelope FROM outbox");
  const found = await user.query(
    "SELECT event_id::text, tenant_id, octet_length(envelope) AS bytes FROM backlog ORDER BY position",
  );
  const order = new Map<string, string[]>();
  let bytes = 0;
  for (const row of copied.parse(found.rows)) {
    bytes += row.bytes;
    const ids = order.get(row.tenant_id);
    if (ids === undefined) order.set(row.tenant_id, [row.event_id]);
    else ids.push(row.event_id);
  }
  return {
    order,
    bytesPerEvent: Math.round(bytes / rows),
    async refill(topic) {
      await user.query("TRUNCATE outbox");
      await user.query(
        `INSERT INTO outbox (position, event_id, topic, tenant_id, envelope) OVERRIDING SYSTEM VALUE
         SELECT position, event_id, $1, tenant_id, envelope FROM backlog ORDER BY position`,
        [topic],
      );
      // What was written just now is written out before the measurement, not in its midst.
      await user.query("VACUUM ANALYZE outbox");
      await user.query("CHECKPOINT");
    },
    async unsent() {
      const counted = await user.query("SELECT count(*)::int AS unsent FROM outbox WHERE sent_at IS NULL");
      return z.tuple([z.object({ unsent: z.int() })]).parse(counted.rows)[0].unsent;
    },
  };
}
