// A subscriber as the protocol asks for one. Whenever its socket ends it comes back, when the server said so or with
// the product's own backoff. It resumes behind the last event it has. Followers write their figures into one record.
import { backoffMs } from "../../../web-client/src/graphql/backoff.ts";
import { createDurations, type Durations } from "../durations.ts";
import { createReceipts, type Receipts } from "./receipts.ts";
import { openStream, type Stream, type StreamClose, type StreamRequest } from "./stream-client.ts";

export interface FollowFigures {
  /** From connecting to the last event that was missed, of those who had missed some. */
  readonly replay: Durations;
  /** From the end of a stream to its being placed again. */
  readonly gap: Durations;
  /** By code. */
  readonly closes: Map<number, number>;
  /** Attempts to come back that failed, by reason. */
  readonly refusals: Map<string, number>;
  /** Time of `performance.now()`. */
  lastCloseAt: number;
}

export function createFollowFigures(): FollowFigures {
  const [replay, gap] = [createDurations(), createDurations()];
  return { replay, gap, closes: new Map(), refusals: new Map(), lastCloseAt: Number.NaN };
}

export interface FollowRequest extends Pick<StreamRequest, "url" | "operation" | "token"> {
  readonly figures: FollowFigures;
  /** The newest event that the stream is known to have: what is above the own last one was missed. */
  readonly newest: () => number;
  readonly onFrame?: (sequence: number) => void;
}

export interface Follower {
  readonly receipts: Receipts;
  /** Its stream is placed. */
  readonly following: boolean;
  /** What no coming back heals, and unexpected messages. */
  readonly problems: readonly string[];
  leave(): void;
}

/** Resolves when the first stream is placed. @throws Error when that is refused */
export async function follow(request: FollowRequest): Promise<Follower> {
  const { figures, newest, onFrame, ...target } = request;
  const receipts = createReceipts();
  const problems: string[] = [];
  let stream: Stream | undefined;
  let following = false;
  let leaving = false;
  let cursor: string | undefined;
  let missing: { readonly upTo: number; readonly since: number } | undefined;

  function settleReplay(): void {
    if (missing === undefined || receipts.last < missing.upTo) return;
    figures.replay.record(performance.now() - missing.since);
    missing = undefined;
  }

  async function open(): Promise<void> {
    const [since, upTo] = [performance.now(), newest()];
    missing = cursor !== undefined && upTo > receipts.last ? { upTo, since } : undefined;
    stream = await openStream({
      ...target,
      announced: true,
      resume: cursor,
      onFrame(sequence, _text, behind) {
        receipts.note(sequence);
        cursor = behind ?? cursor;
        settleReplay();
        onFrame?.(sequence);
      },
      onClose: (close) => void comeBack(close),
    });
    following = true;
    if (leaving) stream.drop();
  }

  async function comeBack(close: StreamClose): Promise<void> {
    const lostAt = performance.now();
    following = false;
    figures.lastCloseAt = lostAt;
    count(figures.closes, close.code);
    cursor = stream?.cursor ?? cursor;
    problems.push(...(stream?.problems ?? []));
    stream = undefined;
    let wait = retryAfterMs(close) ?? backoffMs(0);
    for (let attempt = 1; !leaving && !following; attempt += 1) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (leaving) return;
      try {
        await open();
        figures.gap.record(performance.now() - lostAt);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (reason.includes("RESYNC_REQUIRED")) return void problems.push(reason);
        count(figures.refusals, reason.slice(0, 120).trim());
        wait = backoffMs(attempt);
      }
    }
  }

  await open();
  return {
    receipts,
    get following() {
      return following;
    },
    get problems() {
      return [...problems, ...(stream?.problems ?? [])];
    },
    leave() {
      leaving = true;
      stream?.drop();
    },
  };
}

/** What a stopping gateway advises. */
function retryAfterMs({ code, reason }: StreamClose): number | undefined {
  if (code !== 1012) return undefined;
  const { retryAfterMs } = JSON.parse(reason);
  return typeof retryAfterMs === "number" ? retryAfterMs : undefined;
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** e.g. "1012 × 250, 1006 × 3"; "none". */
export function tell(counts: ReadonlyMap<string | number, number>): string {
  const parts = [...counts].map(([key, times]) => `${key} × ${times}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}
