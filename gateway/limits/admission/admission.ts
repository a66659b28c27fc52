/**
 * Lets as many operations run at once as the machine can, and the others wait their turn: first commands, then queries,
 * then reports, tenants in turn. Nobody waits for longer than they may: who does not come in is refused by name, and
 * nothing of the operation has begun. While there is room, it costs two sums.
 */
import { AppError } from "../../../platform/errors/app-error.ts";
import { tooBusy } from "../../../platform/errors/too-busy.ts";
import { labels, type MetricsSource } from "../../../platform/http/metrics-format.ts";
import { createThreadLoad, type ThreadLoad } from "../../../platform/thread-load.ts";
import { createConcurrencyLimit } from "./concurrency-limit.ts";
import { createEarlyRefusal, type EarlyRefusal } from "./early-refusal.ts";
import { OPERATION_CLASSES, type OperationClass } from "./operation-class.ts";
import { createRecentTenants } from "./recent-tenants.ts";
import { createWaitHistogram } from "./wait-histogram.ts";
import { createWaitingLines, type RefusalReason } from "./waiting-lines.ts";
import { createYielding } from "./yielding.ts";

export interface AdmissionRequest {
  readonly operationClass: OperationClass;
  /** Whose turn and whose share it is. */
  readonly tenant: string;
  /** Who called, as `calls` knows them. */
  readonly caller: string;
  /** The same object whenever the same is asked. */
  readonly operation: object;
  /** By `performance.now()`: what has not begun by then is refused. */
  readonly deadline?: number | undefined;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

export interface Admission {
  /**
   * Waits until the operation may run.
   * @returns to be called once, when it has ended, however it did
   * @throws AppError `SERVICE_UNAVAILABLE` with `retryAfterSeconds`, also as a rejection
   */
  enter(request: AdmissionRequest): (() => void) | Promise<() => void>;
  /**
   * Looks at a call before its body is read: it is refused while others of its caller wait and most are refused anyhow.
   * @param caller asked only while anybody waits
   * @returns after how many seconds the caller may find a place; undefined: the call may come in
   */
  refusedEarly(caller: () => string): number | undefined;
  readonly metrics: MetricsSource;
}

export interface AdmissionOptions {
  /** Most operations at once. */
  readonly most: number;
  /** How long an operation waits at most, in milliseconds. */
  readonly waitMs: number;
  /** All default to the machine's. */
  readonly now?: () => number;
  readonly random?: () => number;
  readonly load?: ThreadLoad;
}

/** Waiting operations of one tenant and class, and of all: about what a burst of one page, and of a crowd, asks for. */
const MAX_PER_LINE = 128;
const MAX_WAITING = 1_024;
/** Of the operations at once. */
const REPORTS_SHARE = 1 / 4;
const TENANT_SHARE = 1 / 4;
/** Commands of a tenant wait for each other at one row in any case. */
const TENANT_COMMANDS_SHARE = 1 / 8;
/** A tenant's part is no smaller. */
const LEAST_SHARE = 4;
/** Refused callers come back spread over so many seconds: those who come back at once are a flood of their own. */
const RETRY_WITHIN_SECONDS = 10;

interface Held {
  all: number;
  commands: number;
}

export function createAdmission(options: AdmissionOptions): Admission {
  const { most, waitMs, now = () => performance.now(), random, load = createThreadLoad() } = options;
  const limit = createConcurrencyLimit({ most, now });
  const lines = createWaitingLines({
    waitMs,
    maxPerLine: MAX_PER_LINE,
    maxWaiting: MAX_WAITING,
    // They would wait for about twice as long as an operation takes.
    crowd: () => 2 * limit.current,
    now,
  });
  const yielding = createYielding({
    lines,
    load,
    recent: createRecentTenants(now),
    recentlyLong: createRecentTenants(now),
    serve: () => lines.serve(hasRoom),
    backWithinMs: (1 + RETRY_WITHIN_SECONDS) * 1_000,
    now,
  });
  const early: EarlyRefusal = createEarlyRefusal({ now, ...(random === undefined ? {} : { random }) });
  const waits = createWaitHistogram();
  const held = new Map<string, Held>();
  /** Operations that wait, by caller. */
  const waiting = new Map<string, number>();
  let running = 0;
  let reports = 0;
  const admitted: Record<OperationClass, number> = { command: 0, query: 0, report: 0 };
  const refusals: Record<OperationClass, Record<RefusalReason | "gone", number>> = {
    command: { full: 0, waited: 0, gone: 0 },
    query: { full: 0, waited: 0, gone: 0 },
    report: { full: 0, waited: 0, gone: 0 },
  };

  const share = (part: number) => Math.max(LEAST_SHARE, Math.floor(limit.current * part));

  function hasRoom(operationClass: OperationClass, tenant: string): boolean {
    if (running >= limit.current) {
      limit.reached();
      return false;
    }
    if (operationClass === "report" && reports >= share(REPORTS_SHARE)) return false;
    const own = held.get(tenant);
    if (yielding.holdsBack(tenant, own?.all ?? 0, running)) return false;
    if (own === undefined) return true;
    if (operationClass === "command" && own.commands >= share(TENANT_COMMANDS_SHARE)) return false;
    return own.all < share(TENANT_SHARE);
  }

  /** @returns ends it; idempotent */
  function take({ operationClass, tenant, caller, operation, signal }: AdmissionRequest): () => void {
    const own = held.get(tenant) ?? { all: 0, commands: 0 };
    held.set(tenant, own);
    own.all += 1;
    running += 1;
    if (operationClass === "command") own.commands += 1;
    if (operationClass === "report") reports += 1;
    admitted[operationClass] += 1;
    early.noteAdmitted(caller);
    const began = now();
    const beside = running;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      running -= 1;
      own.all -= 1;
      if (operationClass === "command") own.commands -= 1;
      if (operationClass === "report") reports -= 1;
      if (own.all === 0) held.delete(tenant);
      yielding.ended(tenant);
      if (signal?.aborted !== true) limit.ended(operation, beside, began);
      if (lines.waiting() > 0) lines.serve(hasRoom);
    };
  }

  function wait(request: AdmissionRequest): Promise<() => void> {
    const { operationClass, tenant, caller, deadline, signal } = request;
    const { promise, resolve, reject } = Promise.withResolvers<() => void>();
    const since = now();
    waiting.set(caller, (waiting.get(caller) ?? 0) + 1);
    const onEnd = () => {
      signal?.removeEventListener("abort", onAbort);
      const left = (waiting.get(caller) ?? 0) - 1;
      if (left > 0) waiting.set(caller, left);
      else waiting.delete(caller);
    };
    const onAbort = () => {
      leaveLine();
      onEnd();
      refusals[operationClass].gone += 1;
      reject(new AppError("SERVICE_UNAVAILABLE", "The caller is gone."));
    };
    const leaveLine = lines.add(operationClass, tenant, {
      deadline,
      enter() {
        onEnd();
        waits.observe((now() - since) / 1_000);
        resolve(take(request));
      },
      refuse(reason) {
        onEnd();
        refusals[operationClass][reason] += 1;
        early.noteRefused(caller);
        reject(tooBusy({ retryAfterSeconds: retryAfterSeconds() }));
      },
    });
    yielding.waits(tenant);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  }

  function retryAfterSeconds(): number {
    return 1 + Math.floor((random ?? Math.random)() * RETRY_WITHIN_SECONDS);
  }

  return {
    enter(request) {
      yielding.asked(request.tenant);
      if (!hasRoom(request.operationClass, request.tenant)) return wait(request);
      waits.observe(0);
      return take(request);
    },
    refusedEarly(caller) {
      // As soon as nobody waits any more, there is room.
      if (waiting.size === 0) return undefined;
      const name = caller();
      return waiting.has(name) && early.refuses(name) ? retryAfterSeconds() : undefined;
    },
    metrics: () => [
      {
        type: "counter",
        name: "tributary_admission_admitted_total",
        help: "Operations that were let in, by class",
        samples: OPERATION_CLASSES.map((each) => [labels({ class: each }), admitted[each]]),
      },
      {
        type: "counter",
        name: "tributary_admission_refused_total",
        help: "Operations for which there was no room, by class and reason; of early ones the class is not known",
        samples: [
          ...OPERATION_CLASSES.flatMap((each) =>
            Object.entries(refusals[each]).map(([reason, count]) => [labels({ class: each, reason }), count] as const),
          ),
          [labels({ class: "unknown", reason: "early" }), early.refused],
        ],
      },
      {
        type: "gauge",
        name: "tributary_admission_waiting",
        help: "Operations that wait to be let in, by class",
        samples: OPERATION_CLASSES.map((each) => [labels({ class: each }), lines.waiting(each)]),
      },
      {
        type: "gauge",
        name: "tributary_admission_running",
        help: "Operations that run",
        samples: [["", running]],
      },
      {
        type: "gauge",
        name: "tributary_admission_limit",
        help: "Operations that may run at once",
        samples: [["", limit.current]],
      },
      waits.metric("tributary_admission_wait_seconds", "How long operations waited that were let in"),
    ],
  };
}
