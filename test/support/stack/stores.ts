// What a stack's stores say of the same events: the databases that committed them, the log, the audit log, and the read
// models that were made of them.
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { EventLog } from "../../../platform/events/event-log.ts";
import { waitFor } from "../wait.ts";
import { recordsIn, withLogBeside } from "./event-log-beside.ts";
import { tuplesOf } from "./rows-of.ts";
import type { Stack } from "./stack.ts";

export interface StoreComparison {
  readonly committed: number;
  /** Records in the log; more than were committed where a relay was killed. */
  readonly published: number;
  readonly recorded: number;
  /** What the stores disagree about, the first few of each kind; empty when they agree. */
  readonly differences: readonly string[];
}

const AUDIT = "audit";
const SAMPLES = 3;

/** Pairs of statements that must bring the same rows: a source, and what was made of its events elsewhere. */
const READ_MODELS: readonly ReadModel[] = [
  {
    what: "billing accounts of organisations",
    source: {
      of: "user",
      sql: "SELECT id, CASE status WHEN 'SUSPENDED' THEN 'ACTIVE' ELSE status END FROM organization ORDER BY 1",
    },
    model: { of: "billing", sql: "SELECT organization_id, status FROM billing_account ORDER BY 1" },
  },
  {
    what: "mails of registrations and confirmed addresses",
    source: {
      of: "user",
      sql: `SELECT tenant_id, CASE envelope::json->>'type' WHEN 'user.registered.v1' THEN 'verification' ELSE 'welcome' END,
          'SENT' FROM outbox WHERE envelope::json->>'type' IN ('user.registered.v1', 'user.email_verified.v1') ORDER BY 1, 2`,
    },
    model: {
      of: "user",
      sql: `SELECT tenant_id, template, state FROM email_delivery
        WHERE template IN ('verification', 'welcome') ORDER BY 1, 2`,
    },
  },
  {
    what: "registrations per day",
    source: {
      of: "user",
      sql: `SELECT (created_at AT TIME ZONE 'UTC')::date::text, count(*)::text FROM "user" GROUP BY 1 ORDER BY 1`,
    },
    model: { of: "user", sql: "SELECT day::text, registered::text FROM registration_day ORDER BY 1" },
  },
  {
    what: "addresses by which members are found",
    source: {
      of: "user",
      sql: `SELECT membership.id, email FROM membership JOIN "user" ON "user".id = user_id ORDER BY 1`,
    },
    model: {
      of: "user",
      sql: "SELECT membership_id, term FROM member_search_term WHERE term LIKE '%@%' ORDER BY 1",
    },
  },
];

interface ReadModel {
  readonly what: string;
  readonly source: Statement;
  readonly model: Statement;
}

/** One of a subgraph's database. */
interface Statement {
  readonly of: string;
  readonly sql: string;
}

/** An event as a store holds it: an hour's texts would not fit in memory. */
interface StoredEvent {
  readonly id: string;
  readonly key: string;
  /** SHA-256 of its text. */
  readonly digest: string;
}

/**
 * Waits until everything committed is published and recorded, then compares. The log may hold an event twice, and the
 * first copies of a key must be in order.
 */
export async function compareStores(stack: Stack, deadlineMs = 120_000): Promise<StoreComparison> {
  const converged = async () => {
    const compared = await compareOnce(stack);
    if (compared.differences.length > 0) throw new Error(compared.differences.join("; "));
    return compared;
  };
  return waitFor(converged, { what: "the stores to agree", deadlineMs, intervalMs: 1_000 }).catch(() =>
    compareOnce(stack),
  );
}

async function compareOnce(stack: Stack): Promise<StoreComparison> {
  const differences: string[] = [];
  const say = (what: string, found: readonly string[]) => {
    if (found.length > 0) differences.push(`${found.length} ${what}: ${found.slice(0, SAMPLES).join(", ")}`);
  };
  const audited = z
    .array(z.tuple([z.string()]))
    .parse(await tuplesOf(stack, AUDIT, "SELECT event_id::text FROM audit_entry"))
    .map(([id]) => id);
  const recorded = new Set(audited);
  const known = new Set<string>();
  let [committedCount, publishedCount] = [0, 0];
  await withLogBeside(stack, async (log) => {
    for (const subgraph of stack.subgraphs) {
      const committed = await committedOf(stack, subgraph);
      const { count, firstCopies } = await publishedOf(log, subgraph);
      committedCount += committed.length;
      publishedCount += count;
      const ids = new Set(committed.map(({ id }) => id));
      say(
        `events of ${subgraph} that the log lacks`,
        [...ids].filter((id) => !firstCopies.has(id)),
      );
      say(
        `events of ${subgraph} in the log that nobody committed`,
        [...firstCopies.keys()].filter((id) => !ids.has(id)),
      );
      const altered = committed.filter(({ id, digest }) => (firstCopies.get(id)?.digest ?? digest) !== digest);
      say(
        `events of ${subgraph} with another text in the log`,
        altered.map(({ id }) => id),
      );
      say(`keys of ${subgraph} out of order`, disorderedKeys(committed, [...firstCopies.keys()], firstCopies));
      if (subgraph === AUDIT) continue;
      for (const id of ids) known.add(id);
      say(
        `events of ${subgraph} that were not recorded`,
        [...ids].filter((id) => !recorded.has(id)),
      );
    }
  });
  say("events recorded twice", repeatedIn(audited));
  for (const { what, source, model } of READ_MODELS) {
    const [wanted, found] = [await tuplesOf(stack, source.of, source.sql), await tuplesOf(stack, model.of, model.sql)];
    say(`rows that the ${what} lack`, rowsWithout(wanted, found));
    say(`rows that the ${what} should not have`, rowsWithout(found, wanted));
  }
  return { committed: committedCount, published: publishedCount, recorded: audited.length, differences };
}

async function committedOf(stack: Stack, subgraph: string): Promise<readonly StoredEvent[]> {
  // Replays of dead letters go to their consumer alone.
  const sql = `SELECT event_id::text, tenant_id, encode(sha256(convert_to(envelope, 'UTF8')), 'base64') FROM outbox
    WHERE topic = '${subgraph}.events' ORDER BY position`;
  const rows = z.array(z.tuple([z.string(), z.string(), z.string()])).parse(await tuplesOf(stack, subgraph, sql));
  return rows.map(([id, key, digest]) => ({ id, key, digest }));
}

interface Published {
  /** Records, copies included. */
  readonly count: number;
  /** In the order of the log. */
  readonly firstCopies: ReadonlyMap<string, StoredEvent>;
}

async function publishedOf(log: EventLog, subgraph: string): Promise<Published> {
  const firstCopies = new Map<string, StoredEvent>();
  let count = 0;
  for await (const { key, value } of recordsIn(log, `${subgraph}.events`)) {
    count += 1;
    const id = idOf(value);
    if (id === undefined || firstCopies.has(id)) continue;
    firstCopies.set(id, { id, key, digest: createHash("sha256").update(value).digest("base64") });
  }
  return { count, firstCopies };
}

/** Undefined for what is no event at all. */
function idOf(value: string): string | undefined {
  try {
    return z.object({ id: z.uuid() }).parse(JSON.parse(value)).id;
  } catch {
    return undefined;
  }
}

function disorderedKeys(
  committed: readonly StoredEvent[],
  inLogOrder: readonly string[],
  records: ReadonlyMap<string, StoredEvent>,
): string[] {
  const orderOf = (ids: Iterable<readonly [key: string, id: string]>) => Map.groupBy(ids, ([key]) => key);
  const wanted = orderOf(committed.flatMap(({ key, id }) => (records.has(id) ? [[key, id] as const] : [])));
  const ids = new Set(committed.map(({ id }) => id));
  const found = orderOf(inLogOrder.flatMap((id) => (ids.has(id) ? [[records.get(id)?.key ?? "", id] as const] : [])));
  return [...wanted].filter(([key, order]) => !isDeepStrictEqual(order, found.get(key))).map(([key]) => key);
}

/** Rows of the one that the other lacks, a row that occurs twice counted twice. */
function rowsWithout(rows: readonly unknown[][], others: readonly unknown[][]): string[] {
  const left = new Map<string, number>();
  for (const row of others.map((other) => JSON.stringify(other))) left.set(row, (left.get(row) ?? 0) + 1);
  return rows
    .map((row) => JSON.stringify(row))
    .filter((row) => {
      const count = left.get(row) ?? 0;
      left.set(row, count - 1);
      return count <= 0;
    });
}

function repeatedIn(values: readonly string[]): string[] {
  const seen = new Set<string>();
  return values.filter((value) => seen.size === seen.add(value).size);
}
