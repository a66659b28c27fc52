/**
 * Those who wait to be let in, in one line per class and tenant. Classes are served in their order, tenants in turn. A
 * line is served from its front. In a crowd a line that has stood for a while is served from its end, and whoever waits
 * for longer than a moment is refused: what is answered is answered soon.
 */
import { OPERATION_CLASSES, type OperationClass } from "./operation-class.ts";
import { createRememberedTenants } from "./remembered-tenants.ts";

/** Why somebody was not let in. */
export type RefusalReason = "full" | "waited";

export interface Waiter {
  /** By `now`: it is refused then at the latest. */
  readonly deadline?: number | undefined;
  readonly enter: () => void;
  readonly refuse: (reason: RefusalReason) => void;
}

export interface WaitingLines {
  /**
   * The oldest of the longest line is refused when there are too many.
   * @returns takes it out again, unless it was let in or refused meanwhile
   */
  add(operationClass: OperationClass, tenant: string, waiter: Waiter): () => void;
  /** Lets everybody in for whom there is room. Asked anew after each, since each takes some. */
  serve(hasRoom: (operationClass: OperationClass, tenant: string) => boolean): void;
  waiting(operationClass?: OperationClass): number;
  /** For how long nobody of the tenant was served, in milliseconds; undefined: nobody waits. */
  unservedMs(tenant: string): number | undefined;
  /** How many of the tenant wait. */
  waitingOf(tenant: string): number;
  /** Was anybody of the tenant refused in the last seconds, since too many waited? */
  shedLately(tenant: string): boolean;
}

export interface WaitingLinesOptions {
  /** How long somebody waits at most, in milliseconds. */
  readonly waitMs: number;
  /** Of one tenant and class, and of all together. */
  readonly maxPerLine: number;
  readonly maxWaiting: number;
  /** More who wait are a crowd; asked anew each time. */
  readonly crowd: () => number;
  /** In milliseconds; default: `performance.now`. */
  readonly now?: () => number;
}

interface Entry {
  readonly waiter: Waiter;
  readonly since: number;
}

interface Line {
  readonly tenant: string;
  /** The oldest first. */
  readonly entries: Entry[];
  /** When somebody began to wait here; nobody was served to the last since then. */
  readonly since: number;
  /** When somebody was served last, or began to wait. */
  servedAt: number;
}

/** How long a line stands before it is served from its end in a crowd, in milliseconds. */
const STANDING_MS = 200;
/** How long somebody waits at most in such a line, in milliseconds. */
const MOMENT_MS = 100;
/** A tenant of whom somebody was refused so lately asks for too much still, though nobody of it waited meanwhile. */
const REMEMBERED_MS = 2_000;
const MAX_REMEMBERED = 10_000;
const SWEEP_MS = 25;

export function createWaitingLines(options: WaitingLinesOptions): WaitingLines {
  const { waitMs, maxPerLine, maxWaiting, crowd, now = () => performance.now() } = options;
  /** By tenant; the line that was served last is the last. */
  const lines: Readonly<Record<OperationClass, Map<string, Line>>> = {
    command: new Map(),
    query: new Map(),
    report: new Map(),
  };
  const count = { command: 0, query: 0, report: 0 };
  const all = () => count.command + count.query + count.report;
  let sweeping: NodeJS.Timeout | undefined;

  /** Of whom somebody was refused for the sake of others. */
  const shed = createRememberedTenants({ forMs: REMEMBERED_MS, most: MAX_REMEMBERED, now });

  const isOverloaded = ({ tenant, since }: Line, at: number) =>
    shed.has(tenant) || (all() > crowd() && at - since > STANDING_MS);

  function remove(operationClass: OperationClass, line: Line, entry: Entry | undefined): Waiter | undefined {
    const at = entry === undefined ? -1 : line.entries.indexOf(entry);
    if (entry === undefined || at < 0) return undefined;
    line.entries.splice(at, 1);
    count[operationClass] -= 1;
    if (line.entries.length === 0) lines[operationClass].delete(line.tenant);
    return entry.waiter;
  }

  /** Refuses who has waited for too long. */
  function sweep(): void {
    const at = now();
    for (const operationClass of OPERATION_CLASSES) {
      for (const line of [...lines[operationClass].values()]) {
        for (const entry of [...line.entries]) {
          const { deadline = Number.POSITIVE_INFINITY } = entry.waiter;
          // Asked for each: with every refusal the crowd becomes smaller.
          const overloaded = isOverloaded(line, at);
          const patience = overloaded ? Math.min(waitMs, MOMENT_MS) : waitMs;
          if (at < Math.min(entry.since + patience, deadline)) continue;
          if (overloaded) shed.note(line.tenant);
          remove(operationClass, line, entry)?.refuse("waited");
        }
      }
    }
    if (all() > 0) return;
    clearInterval(sweeping);
    sweeping = undefined;
  }

  /** Of the class that is served last, in the longest line. */
  function refuseOldest(): void {
    for (const operationClass of OPERATION_CLASSES.toReversed()) {
      let longest: Line | undefined;
      for (const line of lines[operationClass].values()) {
        if (line.entries.length > (longest?.entries.length ?? 0)) longest = line;
      }
      if (longest === undefined) continue;
      remove(operationClass, longest, longest.entries[0])?.refuse("full");
      return;
    }
  }

  return {
    add(operationClass, tenant, waiter) {
      const entry: Entry = { waiter, since: now() };
      const own = lines[operationClass];
      const line = own.get(tenant) ?? { tenant, entries: [], since: entry.since, servedAt: entry.since };
      own.set(tenant, line);
      line.entries.push(entry);
      count[operationClass] += 1;
      sweeping ??= setInterval(sweep, SWEEP_MS).unref();
      if (line.entries.length > maxPerLine) {
        shed.note(tenant);
        remove(operationClass, line, line.entries[0])?.refuse("full");
      }
      if (all() > maxWaiting) refuseOldest();
      return () => void remove(operationClass, line, entry);
    },
    serve(hasRoom) {
      const at = now();
      for (const operationClass of OPERATION_CLASSES) {
        const own = lines[operationClass];
        // Round after round, as long as anybody was let in.
        for (let served = own.size > 0; served; ) {
          served = false;
          for (const line of [...own.values()]) {
            if (!hasRoom(operationClass, line.tenant)) continue;
            const next = isOverloaded(line, at) ? line.entries.at(-1) : line.entries[0];
            const waiter = remove(operationClass, line, next);
            line.servedAt = at;
            if (own.delete(line.tenant)) own.set(line.tenant, line);
            waiter?.enter();
            served = true;
          }
        }
      }
    },
    unservedMs(tenant) {
      const servedAt = OPERATION_CLASSES.flatMap((each) => lines[each].get(tenant)?.servedAt ?? []);
      return servedAt.length === 0 ? undefined : now() - Math.max(...servedAt);
    },
    shedLately: shed.has,
    waitingOf: (tenant) =>
      OPERATION_CLASSES.reduce((sum, each) => sum + (lines[each].get(tenant)?.entries.length ?? 0), 0),
    waiting: (operationClass) => (operationClass === undefined ? all() : count[operationClass]),
  };
}
