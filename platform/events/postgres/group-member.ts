/**
 * One member of a consumer group. A partition belongs to the session that holds its advisory lock, so a crash frees it
 * at once; members are counted by a shared lock, and one that holds more than its share gives partitions back.
 */
import type { Client } from "pg";
import type { Logger } from "pino";
import { z } from "zod";
import { systemSleep } from "../backoff.ts";
import type { GroupConsumeOptions, LogReader } from "../event-log.ts";
import { type AssignedPartition, assignPartition } from "./assigned-partition.ts";
import { createDedicatedConnection } from "./dedicated-connection.ts";
import type { HeadWatcher } from "./head-watcher.ts";
import type { LogStore } from "./log-store.ts";

export interface GroupMemberOptions {
  readonly connectionString: string;
  readonly store: LogStore;
  readonly watcher: HeadWatcher;
  readonly consume: GroupConsumeOptions;
  readonly logger: Logger;
  /** Pause between looks at who holds what, in milliseconds. */
  readonly rebalanceMs: number;
}

const memberRows = z.array(z.object({ members: z.coerce.number() }));
const lockRows = z.array(z.object({ held: z.boolean() }));

/** Advisory locks take a 64-bit number: the first key names our kind of lock, hashtextextended spreads the names. */
const LOCK = "hashtextextended($1, 7241)";

export function createGroupMember(options: GroupMemberOptions): LogReader {
  const { store, watcher, consume, rebalanceMs } = options;
  const logger = options.logger.child({ component: "event-log", group: consume.group });
  const memberName = `member ${consume.group}`;
  const assignedPartitions = new Map<string, AssignedPartition>();
  const stopping = new AbortController();
  let wake: (() => void) | undefined;

  const connection = createDedicatedConnection({
    connectionString: options.connectionString,
    applicationName: `tributary-group-${consume.group}`.slice(0, 63),
    async onUp(client) {
      await client.query(`SELECT pg_advisory_lock_shared(${LOCK})`, [memberName]);
      wake?.();
    },
    onDown(reason) {
      if (stopping.signal.aborted) return;
      if (assignedPartitions.size > 0) logger.warn({ err: reason }, "group membership lost, joining again");
      // Another member may own them from now on; what still runs is made harmless by the inbox.
      for (const [name, partition] of assignedPartitions) {
        assignedPartitions.delete(name);
        void partition.release();
      }
    },
  });

  async function fairShare(client: Client, partitions: number): Promise<number> {
    const result = await client.query(
      `SELECT count(*) AS members FROM pg_locks
       WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted AND objsubid = 1
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND (classid::bigint << 32) + objid::bigint = ${LOCK}`,
      [memberName],
    );
    const members = Math.max(1, memberRows.parse(result.rows)[0]?.members ?? 1);
    return Math.ceil(partitions / members);
  }

  async function giveBack(client: Client, name: string): Promise<void> {
    const partition = assignedPartitions.get(name);
    if (partition === undefined) return;
    assignedPartitions.delete(name);
    await partition.release();
    // The lock outlives the last handler, so that the next owner starts behind the last commit.
    await client.query(`SELECT pg_advisory_unlock(${LOCK})`, [name]);
  }

  async function take(client: Client, name: string, topic: string, partition: number, low: bigint): Promise<void> {
    const result = await client.query(`SELECT pg_try_advisory_lock(${LOCK}) AS held`, [name]);
    if (lockRows.parse(result.rows)[0]?.held !== true) return;
    const committed = (await store.committed(consume.group, topic)).get(partition);
    if (connection.client() !== client || stopping.signal.aborted) return;
    const assigned = assignPartition({ store, watcher, consume, topic, partition, from: committed ?? low, logger });
    assignedPartitions.set(name, assigned);
  }

  async function rebalance(client: Client): Promise<void> {
    const wanted: { name: string; topic: string; partition: number; low: bigint }[] = [];
    for (const topic of consume.topics) {
      for (const { partition, low } of await store.ranges(topic)) {
        wanted.push({ name: `partition ${consume.group} ${topic} ${partition}`, topic, partition, low });
      }
    }
    const share = await fairShare(client, wanted.length);
    for (const [name, partition] of [...assignedPartitions]) {
      if (partition.failed() || assignedPartitions.size > share) await giveBack(client, name);
    }
    for (const { name, topic, partition, low } of wanted) {
      if (assignedPartitions.size >= share || stopping.signal.aborted) return;
      if (!assignedPartitions.has(name)) await take(client, name, topic, partition, low);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const client = connection.client();
      if (client !== undefined) {
        try {
          await rebalance(client);
        } catch (error) {
          logger.warn({ err: error }, "could not rebalance, trying again");
          if (connection.client() === client)
            connection.drop(error instanceof Error ? error : new Error(String(error)));
        }
      }
      const nap = new AbortController();
      wake = () => nap.abort();
      await systemSleep(rebalanceMs, AbortSignal.any([stopping.signal, nap.signal]));
      wake = undefined;
    }
    await Promise.all([...assignedPartitions.values()].map((partition) => partition.release()));
    assignedPartitions.clear();
    await connection.stop();
  }

  connection.start();
  const done = run();

  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}
