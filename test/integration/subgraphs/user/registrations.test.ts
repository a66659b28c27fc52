// A read model that is new: it begins with what the log no longer knows and misses nothing that happens meanwhile.
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../../platform/clock.ts";
import { inTenants } from "../../../../platform/database/tenant-transaction.ts";
import { loadEventContracts } from "../../../../platform/events/contracts.ts";
import type { DomainEvent } from "../../../../platform/events/envelope.ts";
import type { EventLog } from "../../../../platform/events/event-log.ts";
import { prefixedEventLog } from "../../../../platform/events/prefixed-event-log.ts";
import { createRelay, type Relay } from "../../../../platform/events/relay.ts";
import { createRoutedConsumers, type RoutedConsumers } from "../../../../platform/events/routed-consumers.ts";
import { outboxOf } from "../../../../platform/graphql/subgraph-outbox.ts";
import { createIdSource } from "../../../../platform/ids.ts";
import { consumers, routes } from "../../../../subgraphs/user/consumers.ts";
import { emailVerified, userRegistered } from "../../../../subgraphs/user/domain-events.ts";
import { openUserDatabase, type UserDatabase } from "../../../../subgraphs/user/store/database.ts";
import { type EventDatabases, startEventDatabases } from "../../../support/services/event-databases.ts";
import { waitFor } from "../../../support/wait.ts";
import { silent } from "../../events/event-fixture.ts";
import type { EventLogHarness } from "../../events/event-log-contract/world.ts";
import { EVENT_LOGS } from "../../events/event-log-harnesses.ts";

const TOPIC = "user.events";
const USERS = 1_000;
const NAME = "user.registrations";
const SOURCE = `SELECT day::text, sum(registered)::int AS registered, sum(verified)::int AS verified FROM (
  SELECT (created_at AT TIME ZONE 'UTC')::date AS day, 1 AS registered, 0 AS verified FROM "user"
  UNION ALL SELECT (email_verified_at AT TIME ZONE 'UTC')::date, 0, 1 FROM "user" WHERE email_verified_at IS NOT NULL
) AS event GROUP BY day ORDER BY day`;
const PEOPLE = `json_to_recordset($1::json) AS person (id text, at timestamptz, later timestamptz)`;
const REGISTER = `
  INSERT INTO "user" (id, email, display_name, password_hash, status, verification_requested_at, created_at, updated_at)
  SELECT id, id || '@example.com', 'Ada', 'none', 'PENDING_VERIFICATION', at, at, at FROM ${PEOPLE}`;
const CONFIRM = `UPDATE "user" SET status = 'ACTIVE', email_verified_at = later FROM ${PEOPLE} WHERE "user".id = person.id`;
const MODEL =
  "SELECT day::text, registered::int, verified::int FROM registration_day WHERE registered + verified > 0 ORDER BY day";

describe.each(EVENT_LOGS)("registrations per day over %s", (_name, createHarness) => {
  const prefix = `${randomUUID()}.`;
  let databases: EventDatabases;
  let harness: EventLogHarness;
  let log: EventLog;
  let database: UserDatabase;
  let relay: Relay;
  let contracts: Awaited<ReturnType<typeof loadEventContracts>>;
  const started: RoutedConsumers[] = [];
  const ids = createIdSource(systemClock);
  const causation = { actorKind: "ANONYMOUS", correlationId: "registrations", hop: 0 } as const;

  beforeAll(async () => {
    [databases, harness, contracts] = await Promise.all([
      startEventDatabases(),
      createHarness(),
      loadEventContracts("schema/events"),
    ]);
    log = prefixedEventLog(await harness.open(), prefix);
    database = openUserDatabase("user database", databases.appUrl, 8);
    relay = createRelay({ databaseUrl: databases.relayUrl, log, topic: TOPIC, logger: silent, pollMs: 50 });
    await log.ensureTopics([TOPIC]);
    relay.start();
  });
  afterEach(async () => {
    for (const consumer of started.splice(0)) await stop(consumer);
  });
  afterAll(async () => {
    await relay?.stop();
    await database?.part.stop?.();
    await log?.stop();
    await harness?.close();
    await databases?.stop();
  });

  /** What commands commit, for many people at once. Every third confirms the address, a day later. */
  async function register(from: number, to: number): Promise<void> {
    const outbox = outboxOf("user", { contracts, clock: systemClock, ids });
    const people = Array.from({ length: to - from }, (_, index) => {
      const at = new Date(Date.UTC(2026, 0, 1 + ((from + index) % 40), 23, 59));
      return { id: ids.next("usr"), at, later: new Date(at.getTime() + 86_400_000) };
    });
    const confirmed = people.filter((_, index) => index % 3 === 0);
    const commit = (statement: string, some: typeof people, events: DomainEvent[]) =>
      inTenants(
        database,
        some.map(({ id }) => id),
        async (tx) => {
          await tx.$executeRawUnsafe(statement, JSON.stringify(some));
          await outbox.append(tx, events, causation);
        },
      );
    await commit(
      REGISTER,
      people,
      people.map(({ id, at }) => userRegistered(id, at)),
    );
    await commit(
      CONFIRM,
      confirmed,
      confirmed.map(({ id, later }) => emailVerified(id, 2, later)),
    );
  }

  async function registerMany(from: number, to: number): Promise<void> {
    for (let n = from; n < to; n += 50) await register(n, Math.min(to, n + 50));
  }

  /** One process of the subgraph, with this consumer alone. */
  async function consume(events: EventLog = log): Promise<RoutedConsumers> {
    const routed = createRoutedConsumers({
      table: {
        consumers: { [NAME]: consumers[NAME] },
        routes: {
          "user.registered.v1": { [NAME]: routes["user.registered.v1"][NAME] },
          "user.email_verified.v1": { [NAME]: routes["user.email_verified.v1"][NAME] },
        },
      },
      services: {
        database,
        topic: TOPIC,
        outbox: outboxOf("user", { contracts, clock: systemClock, ids }),
        clock: systemClock,
        webClientUrl: "http://client.test",
        mailer: { send: () => Promise.reject(new Error("no mail")), close: () => undefined },
        rowCaches: { evict: () => Promise.resolve() },
        cache: { clear: () => Promise.resolve() },
      },
      log: events,
      consumedTopics: [TOPIC],
      contracts,
      database,
      clock: systemClock,
      logger: silent,
    });
    started.push(routed);
    for (const part of routed.parts) await part.start?.();
    return routed;
  }

  async function stop(routed: RoutedConsumers): Promise<void> {
    for (const part of routed.parts) await part.stop?.();
  }

  const allSent = () =>
    waitFor(
      async () => (await databases.user.query("SELECT 1 FROM outbox WHERE sent_at IS NULL LIMIT 1")).rowCount === 0,
      { what: "an empty outbox", deadlineMs: 60_000 },
    );

  const rows = async (query: string) => (await databases.user.query(query)).rows;

  async function isEqual(): Promise<void> {
    await allSent();
    await waitFor(async () => JSON.stringify(await rows(MODEL)) === JSON.stringify(await rows(SOURCE)), {
      what: "the model to equal its source",
      deadlineMs: 60_000,
    }).catch(async (cause) => expect(await rows(MODEL), String(cause)).toEqual(await rows(SOURCE)));
  }

  test("a new consumer equals its source though the log forgot the older half, while people go on registering [S59]", async () => {
    await registerMany(0, USERS);
    await allSent();
    const dropped: number[] = [];
    for (const { partition, low, high } of await log.ranges(TOPIC)) {
      const half = low + (high - low) / 2n;
      await harness.deleteBelow(`${prefix}${TOPIC}`, partition, half);
      dropped.push(Number(half - low));
    }
    await waitFor(async () => (await log.ranges(TOPIC)).reduce((sum, { low }) => sum + Number(low), 0) >= USERS / 2, {
      what: "the log to have dropped half",
    });
    expect(dropped.reduce((sum, n) => sum + n)).toBeGreaterThan(USERS / 2);

    // Two processes of the new release, one of which dies early.
    const more = registerMany(USERS, USERS + 300);
    const first = await consume();
    const second = await consume();
    await stop(first);
    await more;
    await isEqual();
    expect((await rows("SELECT sum(registered)::int AS n FROM registration_day"))[0]).toEqual({ n: USERS + 300 });

    // It was filled once; now it follows the log, and what is delivered again counts once.
    await registerMany(USERS + 300, USERS + 330);
    const [partition] = await log.ranges(TOPIC);
    const page = await log.read({ topic: TOPIC, partition: 0, from: partition?.low ?? 0n, limit: 200 });
    await log.append(TOPIC, page);
    await isEqual();
    await waitFor(async () => (await second.groups.get(NAME)?.lag()) === 0n, { what: "no lag" });
    await isEqual();
  });

  test("a log that forgets while the snapshot is taken makes it begin again, with the same result [S59]", async () => {
    await databases.user.query("DELETE FROM registration_day; DELETE FROM backfill; DELETE FROM inbox");
    let asked = 0;
    const forgetful: EventLog = {
      ...log,
      ensureTopics: (topics) => log.ensureTopics(topics),
      async ranges(topic) {
        asked += 1;
        // The second question is the first look back: all that was there at the beginning is gone, and some more.
        if (asked === 2) {
          await registerMany(2_000, 2_040);
          await allSent();
          for (const { partition, high } of await log.ranges(topic)) {
            await harness.deleteBelow(`${prefix}${topic}`, partition, high);
          }
          await waitFor(async () => (await log.ranges(topic)).every(({ low, high }) => low === high), {
            what: "the log to be empty",
          });
        }
        return log.ranges(topic);
      },
    };
    await consume(forgetful);
    await waitFor(() => asked >= 4, { what: "a second look at the log", deadlineMs: 60_000 });
    await isEqual();
    await register(2_040, 2_050);
    await isEqual();
  });
});
