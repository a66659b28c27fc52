/**
 * Delivers what was requested, until it is taken or given up. At least once: a process that dies between the receiver's
 * answer and our commit has it sent again, with the same id, when its lease is over. Any number of instances may run.
 * One attempt at an address is under way at a time, and later deliveries wait for earlier ones; addresses do not wait
 * for each other. It finds what is due with the relay role and works on each as its tenant.
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import { type CommandDeps, type CommandScope, runCommand } from "../database/command.ts";
import type { SqlTransaction, TransactionHost } from "../database/sql-transaction.ts";
import { inTenants } from "../database/tenant-transaction.ts";
import { backoffMs, systemSleep } from "../events/backoff.ts";
import { causedByService } from "../events/service-causation.ts";
import { labels, type MetricsSource } from "../http/metrics-format.ts";
import type { LifecyclePart } from "../lifecycle/lifecycle.ts";
import type { Logger } from "../logger/logger.ts";
import { attempt } from "./attempt.ts";
import { type Carrier, CarrierFailure } from "./carrier.ts";
import { type AddressKey, DELIVERY_TIMING, type Delivery, type DeliveryTiming, pauseMs } from "./delivery.ts";
import { beginDelivery, type DeliveryEnd, endDelivery, findDueAddresses } from "./delivery-store.ts";
import { createDeliveryWorker, type DeliveryPlaces } from "./delivery-worker.ts";

/** A delivery that the engine is working on: it has what its message is made of. */
export type ComposedDelivery = Delivery & { readonly content: string };

export interface DeliveryEngineOptions<Tx extends SqlTransaction, Message> {
  /** Of the part. */
  readonly name: string;
  readonly carrier: Carrier<Message>;
  /**
   * Makes the message, once per attempt, in a transaction that is committed before it is sent: what is secret, or may
   * change, stands in no delivery.
   * @returns undefined when nothing calls for it any more: it is cancelled
   */
  compose(tx: Tx, delivery: ComposedDelivery): Promise<Message | undefined>;
  /** What follows of an attempt, in the transaction that records it. */
  onEnd?(scope: CommandScope<Tx>, delivery: Delivery, end: DeliveryEnd): Promise<void>;
  readonly deps: CommandDeps<Tx>;
  /** With the relay role. */
  readonly pollingDatabase: { readonly autocommit: SqlTransaction };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timing?: Partial<DeliveryTiming>;
  readonly places?: DeliveryPlaces;
}

export interface DeliveryEngine {
  /** Its stop waits for the attempts under way, and closes the carrier. */
  readonly part: LifecyclePart;
  /** Attempts of this process by how they ended. */
  readonly metrics: MetricsSource;
  /** Something was requested: look now, not at the next poll. For `afterCommit`; never throws. */
  wake(): void;
}

const PLACES: DeliveryPlaces = { total: 32, failing: 16 };
/** Between two tries to record how an attempt ended. */
const RECORD_RETRY = { baseMs: 200, capMs: 5_000 };

export function createDeliveryEngine<Tx extends SqlTransaction, Message>(
  options: DeliveryEngineOptions<Tx, Message>,
): DeliveryEngine {
  const { name, carrier, compose, onEnd, deps, pollingDatabase, clock } = options;
  const logger = options.logger.child({ component: "carriers", carrier: carrier.name });
  const timing: DeliveryTiming = { ...DELIVERY_TIMING, ...options.timing };
  const database: TransactionHost<Tx> = deps.database;
  const ended = new Map<DeliveryEnd["state"], number>();

  async function carryOut(key: AddressKey): Promise<void> {
    const now = clock.now();
    const lease = { id: randomUUID(), now, until: new Date(now.getTime() + timing.leaseMs) };
    const begun = await inTenants(database, [key.tenantId], (tx) => beginDelivery(tx, key, lease));
    if (begun === undefined) return;
    const end = await send(begun);
    const recorded = await insist(lease.until, () => record(begun, lease.id, end));
    if (!recorded) logger.warn({ deliveryId: begun.id, state: end.state }, "an attempt outlived its lease");
    else ended.set(end.state, 1 + (ended.get(end.state) ?? 0));
  }

  async function send(begun: Delivery): Promise<DeliveryEnd> {
    // Each attempt so far ended its process: another one would, too.
    if (begun.attempts > timing.attempts) return { state: "DEAD", detail: "no attempt came to an end", nextAt: null };
    const isLast = begun.attempts === timing.attempts;
    let cancelled = false;
    const end = await attempt(async () => {
      const message = await inTenants(database, [begun.tenantId], (tx) => compose(tx, withContent(begun)));
      if (message !== undefined) return carrier.send(message);
      cancelled = true;
      return "";
    }, isLast);
    if (cancelled) return { state: "CANCELLED", detail: null, nextAt: null };
    if (end.outcome === "TAKEN") return { state: "DELIVERED", detail: end.detail, nextAt: null };
    const level = end.error instanceof CarrierFailure ? "debug" : "error";
    logger[level](
      { err: end.error, deliveryId: begun.id, attempts: begun.attempts },
      "an attempt at a delivery failed",
    );
    if (end.outcome === "OVER") return { state: "DEAD", detail: end.detail, nextAt: null };
    const pause = pauseMs(timing, begun.attempts, end.retryAfterMs);
    return { state: "FAILED", detail: end.detail, nextAt: new Date(clock.now().getTime() + pause) };
  }

  async function record(begun: Delivery, leaseId: string, end: DeliveryEnd): Promise<boolean> {
    const request = { tenants: [begun.tenantId], causation: causedByService(carrier.name) };
    const { result } = await runCommand(deps, request, async (scope) => {
      if (!(await endDelivery(scope.tx, begun, leaseId, end, clock.now()))) return false;
      await onEnd?.(scope, begun, end);
      return true;
    });
    return result;
  }

  /** What the receiver took is sent again unless it is recorded: so a store that is away for a moment is waited for. */
  async function insist(until: Date, work: () => Promise<boolean>): Promise<boolean> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await work();
      } catch (error) {
        if (clock.now() >= until) throw error;
        await systemSleep(backoffMs(RECORD_RETRY, failures));
      }
    }
  }

  const worker = createDeliveryWorker({
    name,
    places: options.places ?? PLACES,
    pollMs: timing.pollMs,
    find: (limits) => findDueAddresses(pollingDatabase.autocommit, carrier.name, clock.now(), limits),
    carryOut,
    logger,
  });
  return {
    part: {
      ...worker.part,
      async stop() {
        await worker.part.stop?.();
        await carrier.close();
      },
    },
    metrics: () => [
      {
        type: "counter",
        name: "tributary_carrier_attempts_total",
        help: "Attempts to deliver something to an address, by how they ended",
        samples: [...ended].map(([state, count]) => [labels({ carrier: carrier.name, state }), count] as const),
      },
    ],
    wake: worker.wake,
  };
}

function withContent(begun: Delivery): ComposedDelivery {
  const { content } = begun;
  if (content === null) throw new Error(`the delivery ${begun.id} has no content`);
  return { ...begun, content };
}
