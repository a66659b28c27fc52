/**
 * One partition behind its ring, in pages that all lagging readers share: each range of the log is read and decoded
 * once, however many catch up over it. Aligned to fixed offsets, so that readers at different positions meet. Belongs
 * to one epoch of the topic.
 */
import { AppError } from "../../../platform/errors/app-error.ts";
import type { LogRecord } from "../../../platform/events/event-log.ts";
import { decodeRecord, type LiveEvent } from "./event.ts";
import { resyncRequired } from "./resync.ts";

/** Holds every event of the partition in [from, next). */
export interface LogPage {
  readonly from: bigint;
  readonly next: bigint;
  /** The first `limit` events of the key at or above `position`, in order. */
  after(key: string, position: bigint, limit: number): LiveEvent[];
}

export interface LogPages {
  /**
   * The page with `position`, which lies below the ring; immediate when it is held.
   * @throws AppError `RESYNC_REQUIRED` when the log no longer keeps the position, `EVENT_LOG_UNAVAILABLE`
   */
  at(position: bigint): LogPage | Promise<LogPage>;
  /** Forgets what nobody asks for any more. */
  clear(): void;
}

export interface LogPagesOptions {
  /** Of the pages' text; the page read last is held whatever its size. */
  readonly maxBytes: number;
  /**
   * Records at or above `from`, in order, of this epoch only.
   * @throws AppError `OFFSET_OUT_OF_RANGE` below what is retained
   */
  readonly read: (from: bigint, limit: number) => Promise<readonly LogRecord[]>;
  /** Start of the ring: the log reaches at least this far. */
  readonly ringFirst: () => bigint;
  /** First offset that the log was seen to keep. */
  readonly low: () => bigint;
  /** Looks again what the log keeps. */
  readonly refreshLow: () => Promise<unknown>;
}

interface Page extends LogPage {
  next: bigint;
  readonly start: bigint;
  /** Where the next page starts. */
  readonly end: bigint;
  bytes: number;
  readonly byKey: Map<string, LiveEvent[]>;
  loading: Promise<void> | undefined;
}

/**
 * Offsets of a page: large enough that a catch-up is few reads, small enough that its decoding does not hold up live
 * events.
 */
const PAGE = 256n;
/** Pages that nobody asked for in this time are forgotten. */
const IDLE_MS = 30_000;

export function createLogPages(options: LogPagesOptions): LogPages {
  const { maxBytes, read, ringFirst, low, refreshLow } = options;
  /** By start, the one used last at the end. */
  const pages = new Map<bigint, Page>();
  let bytes = 0;
  let used = false;
  let timer: NodeJS.Timeout | undefined;

  function watchIdleness(): void {
    timer ??= setInterval(() => {
      if (used) used = false;
      else clear();
    }, IDLE_MS).unref();
  }

  function clear(): void {
    clearInterval(timer);
    timer = undefined;
    pages.clear();
    bytes = 0;
  }

  function forget(page: Page): void {
    if (pages.get(page.start) !== page) return;
    pages.delete(page.start);
    bytes -= page.bytes;
  }

  function pageWith(position: bigint): Page {
    const start = position - (position % PAGE);
    const existing = pages.get(start);
    used = true;
    if (existing !== undefined) {
      pages.delete(start);
      pages.set(start, existing);
      return existing;
    }
    // What was seen to be deleted is not asked for: others of the page are still retained.
    const from = low() > start ? low() : start;
    const byKey = new Map<string, LiveEvent[]>();
    const page: Page = {
      start,
      end: start + PAGE,
      from,
      next: from,
      bytes: 0,
      byKey,
      loading: undefined,
      after: (key, at, limit) => (byKey.get(key) ?? []).filter(({ offset }) => offset >= at).slice(0, limit),
    };
    pages.set(start, page);
    watchIdleness();
    return page;
  }

  function take(page: Page, records: readonly LogRecord[]): void {
    for (const record of records) {
      if (record.offset >= page.end) break;
      const event = decodeRecord(record);
      const own = page.byKey.get(event.key);
      if (own === undefined) page.byKey.set(event.key, [event]);
      else own.push(event);
      page.bytes += event.size;
      if (pages.get(page.start) === page) bytes += event.size;
    }
    for (const oldest of [...pages.values()]) {
      if (bytes <= maxBytes) break;
      if (oldest !== page && oldest.loading === undefined) forget(oldest);
    }
  }

  /** One read further into the page. */
  async function extend(page: Page): Promise<void> {
    // Before the read: an empty answer proves that nothing lies below what the ring covered by then.
    const covered = ringFirst();
    const from = page.next;
    const limit = Number(page.end - from);
    let records: readonly LogRecord[];
    try {
      records = await read(from, limit);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "OFFSET_OUT_OF_RANGE") throw error;
      // Trimmed since the page began. Who stands below what is retained now is told; the others get a page that starts
      // there.
      forget(page);
      await refreshLow();
      if (low() <= from) throw resyncRequired("RETENTION", error);
      return;
    }
    take(page, records);
    const last = records.at(-1);
    // Offsets rise by one at least: as many records as offsets reach the page's end.
    if (last === undefined) page.next = covered < page.end ? covered : page.end;
    else page.next = records.length === limit || last.offset >= page.end ? page.end : last.offset + 1n;
    if (page.next < from) page.next = from;
  }

  async function load(position: bigint): Promise<LogPage> {
    for (;;) {
      const page = pageWith(position);
      if (position < page.from) throw resyncRequired("RETENTION");
      if (position < page.next) return page;
      const { next } = page;
      page.loading ??= extend(page).finally(() => {
        page.loading = undefined;
      });
      await page.loading;
      if (position >= page.from && position < page.next) return page;
      if (page.next === next && pages.get(page.start) === page) {
        throw new AppError("EVENT_LOG_UNAVAILABLE", "The event log does not reach as far as it did.");
      }
    }
  }

  return {
    at(position) {
      const page = pageWith(position);
      return position >= page.from && position < page.next ? page : load(position);
    },
    clear,
  };
}
