/**
 * Watches how far a replica of Postgres is behind, by positions in the write-ahead log: what the primary had written at
 * a moment is compared with what the replica has replayed. Clocks of servers are not compared, and a primary at rest is
 * no lag. A server that is no replica (any more) is never up to date.
 */
import { z } from "zod";
import { withDeadline } from "../../deadline.ts";
import type { LifecyclePart } from "../../lifecycle/lifecycle.ts";
import type { Logger } from "../../logger/logger.ts";
import type { SqlTransaction } from "../sql-transaction.ts";

export interface ReplicaLag {
  /** Does the replica show everything that was committed `MAX_LAG_MS` ago, or earlier? */
  isFresh(): boolean;
  /** The replica does not answer: it is out until it was looked at again. */
  distrust(): void;
  /** In seconds, as far as it is known; infinite when nothing is. */
  seconds(): number;
  readonly part: LifecyclePart;
}

export interface ReplicaLagOptions {
  /** As health reports show it, e.g. `notes replica`. */
  readonly name: string;
  readonly primary: SqlTransaction;
  readonly replica: SqlTransaction;
  readonly logger: Logger;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** A replica that is further behind is left out. What was read so soon after an event, gateways drop once more. */
export const MAX_LAG_MS = 1_000;
const LOOK_MS = 250;

/** What the primary had written at a moment. */
interface Sample {
  readonly at: number;
  readonly position: bigint;
}

/** Whatever was committed is behind this position. */
const WRITTEN = "SELECT pg_current_wal_flush_lsn()::text AS position";
const REPLAYED = `
  SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() END::text AS position`;
const rows = z.tuple([z.object({ position: z.string().nullable() })]);

export function createReplicaLag(options: ReplicaLagOptions): ReplicaLag {
  const { name, primary, replica, logger, now = () => performance.now() } = options;
  let samples: readonly Sample[] = [];
  /** Everything that was committed before it is shown by the replica. */
  let shownUntil = Number.NEGATIVE_INFINITY;
  let wasFresh: boolean | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();

  const isFresh = () => now() - shownUntil < MAX_LAG_MS;

  async function look(): Promise<void> {
    const at = now();
    const written = await positionOf(primary, WRITTEN);
    if (written !== undefined)
      samples = [...samples.filter((sample) => at - sample.at < MAX_LAG_MS), { at, position: written }];
    const replayed = await positionOf(replica, REPLAYED);
    if (replayed === undefined) throw new Error("the server is no replica");
    const shown = samples.findLast(({ position }) => position <= replayed);
    if (shown !== undefined) shownUntil = Math.max(shownUntil, shown.at);
  }

  /** One at a time; the next begins a while after this one has ended. */
  async function lookOn(): Promise<void> {
    let problem: unknown;
    // A server that is silent must not end the looks: the next one asks over another connection.
    await withDeadline(look(), MAX_LAG_MS, "the servers did not say how far they are").catch((error: unknown) => {
      problem = error;
    });
    if (stopped) return;
    const fresh = isFresh();
    if (fresh !== wasFresh) {
      if (fresh) logger.info({ replica: name }, "reads go to the replica");
      else logger.warn({ replica: name, err: problem }, "the replica is behind or away: reads go to the primary");
    }
    wasFresh = fresh;
    timer = setTimeout(() => {
      looking = lookOn();
    }, LOOK_MS);
  }

  return {
    isFresh,
    distrust() {
      shownUntil = Number.NEGATIVE_INFINITY;
    },
    seconds: () => (now() - shownUntil) / 1_000,
    part: {
      name,
      async start() {
        looking = lookOn();
        await looking;
      },
      async stop() {
        stopped = true;
        clearTimeout(timer);
        await looking;
      },
    },
  };
}

async function positionOf(server: SqlTransaction, statement: string): Promise<bigint | undefined> {
  const [{ position }] = rows.parse(await server.$queryRawUnsafe(statement));
  return position === null ? undefined : positionInLog(position);
}

/** `16/B374D848`: two hexadecimal halves of a position in bytes. */
function positionInLog(text: string): bigint {
  const [high = "", low = ""] = text.split("/");
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
