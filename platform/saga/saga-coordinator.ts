/**
 * Carries sagas on. Each change is one transaction of the coordinator's subgraph: the saga's rows, what its own steps
 * do, and the events that ask for the next one. So a coordinator may die at any point, and another goes on from the
 * rows. What is not answered is asked for again: those who carry out steps know what they have done
 * (saga-participant.ts).
 */
import type { Clock } from "../clock.ts";
import type { CommandScope } from "../database/command.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import { type BackoffPolicy, backoffMs } from "../events/backoff.ts";
import type { DomainEvent } from "../events/envelope.ts";
import type { Saga, SagaId, SagaState, StepAction, StepReply } from "./saga.ts";
import { advance, askAgain, expire, hasEnded, settle, underWay } from "./saga-machine.ts";
import { insertSaga, lockSaga, saveSaga } from "./saga-store.ts";

/** A step of the coordinator's own subgraph: it is done within the transaction, and does not fail. */
export type OwnStep<Tx> = Readonly<Record<StepAction["direction"], OwnStepWork<Tx>>>;
type OwnStepWork<Tx> = (scope: CommandScope<Tx>, saga: Saga) => Promise<void>;

export interface SagaDefinition<Tx> {
  readonly kind: string;
  /** Steps that are carried out here, by name; all others are asked for by events. */
  readonly own: Readonly<Record<string, OwnStep<Tx>>>;
}

/** The coordinator's events, as its subgraph publishes them. */
export interface SagaEvents {
  stepRequested(saga: Saga, action: StepAction): DomainEvent;
  /** @param from null when it was started */
  changed(saga: Saga, from: SagaState | null): DomainEvent;
}

export interface SagaCoordinatorOptions<Tx> {
  readonly definitions: readonly SagaDefinition<Tx>[];
  readonly events: SagaEvents;
  readonly clock: Clock;
  /** How long a saga may take before it is undone, in milliseconds. */
  readonly deadlineMs: number;
  /** How long to wait for a reply before asking again: `baseMs`, and more with each time. */
  readonly retry: BackoffPolicy;
}

export interface NewSaga extends Pick<Saga, "id" | "kind" | "tenantId" | "input" | "causation"> {
  /** In the order of execution. */
  readonly steps: readonly { readonly name: string; readonly service: string; readonly done?: boolean }[];
}

export interface SagaCoordinator<Tx> {
  /** In the transaction of what starts it. */
  start(scope: CommandScope<Tx>, saga: NewSaga): Promise<void>;
  /** Somebody answered. A reply that nobody waits for changes nothing. */
  settle(scope: CommandScope<Tx>, sagaId: SagaId, reply: StepReply): Promise<void>;
  /** Undoes a saga whose time is over, and asks again for a step that nobody answered. Harmless when it is not due. */
  lookAfter(scope: CommandScope<Tx>, sagaId: SagaId): Promise<void>;
}

export function createSagaCoordinator<Tx extends SqlTransaction>(
  options: SagaCoordinatorOptions<Tx>,
): SagaCoordinator<Tx> {
  const { definitions, events, clock, deadlineMs, retry } = options;
  const byKind = new Map(definitions.map((definition) => [definition.kind, definition]));

  /** Goes on until somebody has to be asked, or the saga has ended. */
  async function carryOn(scope: CommandScope<Tx>, saga: Saga): Promise<Saga> {
    const own = byKind.get(saga.kind)?.own;
    if (own === undefined) throw new Error(`nobody here knows sagas of the kind ${saga.kind}`);
    for (let current = saga; ; ) {
      const { progress, todo } = advance(current);
      if (todo === undefined) return progress;
      const step = own[todo.step];
      if (step === undefined) {
        scope.emit(events.stepRequested(progress, todo));
        return progress;
      }
      await step[todo.direction](scope, progress);
      current = settle(progress, { ...todo, outcome: "DONE", reason: null }, clock.now());
    }
  }

  /** With the moment at which to look after it: when nobody answers, or time is over. */
  function timed(saga: Saga): Saga {
    const now = clock.now();
    if (hasEnded(saga)) return { ...saga, wakeAt: null, finishedAt: now, input: {} };
    const again = now.getTime() + retry.baseMs + backoffMs(retry, underWay(saga)?.attempts ?? 1);
    const wakeAt = saga.state === "RUNNING" ? Math.min(again, saga.deadline.getTime()) : again;
    return { ...saga, wakeAt: new Date(wakeAt) };
  }

  async function save({ tx, emit }: CommandScope<Tx>, before: Saga, after: Saga): Promise<void> {
    const saga = timed({ ...after, version: before.version + 1 });
    await saveSaga(tx, saga);
    emit(events.changed(saga, before.state));
  }

  return {
    async start(scope, { steps, ...started }) {
      const now = clock.now();
      const begun = await carryOn(scope, {
        ...started,
        state: "RUNNING",
        failure: null,
        steps: steps.map(({ name, service, done = false }) => ({
          ...{ name, service, attempts: done ? 1 : 0, error: null, compensatedAt: null },
          state: done ? ("DONE" as const) : ("PENDING" as const),
        })),
        startedAt: now,
        deadline: new Date(now.getTime() + deadlineMs),
        wakeAt: null,
        finishedAt: null,
        version: 1,
      });
      const saga = timed(begun);
      await insertSaga(scope.tx, saga);
      scope.emit(events.changed(saga, null));
    },

    async settle(scope, sagaId, reply) {
      const saga = await lockSaga(scope.tx, sagaId);
      if (saga === undefined) return;
      const settled = settle(saga, reply, clock.now());
      if (settled !== saga) await save(scope, saga, await carryOn(scope, settled));
    },

    async lookAfter(scope, sagaId) {
      const saga = await lockSaga(scope.tx, sagaId);
      const now = clock.now();
      if (saga?.wakeAt == null || now < saga.wakeAt) return;
      if (saga.state === "RUNNING" && now >= saga.deadline) {
        return save(scope, saga, await carryOn(scope, expire(saga)));
      }
      const { progress, todo } = askAgain(saga);
      if (todo === undefined) return;
      scope.emit(events.stepRequested(progress, todo));
      await save(scope, saga, progress);
    },
  };
}
