/**
 * Carries out steps for sagas, whoever coordinates them. It knows what it has done: a step that is asked for again gets
 * the same reply, one that was undone is not carried out any more, and undoing what was never done is no failure.
 */
import type { TenantId } from "../auth/principal-ids.ts";
import type { CommandScope } from "../database/command.ts";
import type { SqlTransaction } from "../database/sql-transaction.ts";
import type { Causation, DomainEvent } from "../events/envelope.ts";
import {
  findParticipation,
  findParticipationOf,
  insertParticipation,
  type Participation,
  saveParticipation,
} from "./participation-store.ts";
import type { StepRequest, StepSettled } from "./saga-messages.ts";

export type StepResult =
  /** `FAILED` for a compensation: what was done stands. The reason is for people. */
  { readonly outcome: "DONE" } | { readonly outcome: "FAILED"; readonly reason: string };

/** Nobody knows yet: `complete` says it. */
export const LATER = { outcome: "LATER" } as const;

export interface ExecutedStep {
  readonly result: StepResult | typeof LATER;
  /** Id of what it made; needed for what is completed later. */
  readonly reference?: string;
}

/** What a step works on. */
export interface StepWork {
  readonly sagaId: StepRequest["sagaId"];
  readonly tenantId: TenantId;
  readonly input: StepRequest["input"];
  /** For what happens after the step. */
  readonly causation: Causation;
}

/** What is undone. */
export interface UndoneStep {
  readonly tenantId: TenantId;
  readonly reference: string | null;
}

/** @throws Error for what may pass: it is tried again */
export interface SagaStepHandler<Services, Tx> {
  execute(services: Services, scope: CommandScope<Tx>, work: StepWork): Promise<ExecutedStep>;
  /** Also of an execution that failed: it may have left something. */
  compensate(services: Services, scope: CommandScope<Tx>, undone: UndoneStep): Promise<StepResult | typeof LATER>;
}

export interface SagaParticipantOptions<Services, Tx> {
  /** The subgraph that carries out the steps. */
  readonly service: string;
  /** By name. */
  readonly steps: Readonly<Record<string, SagaStepHandler<Services, Tx>>>;
  readonly settled: (tenantId: TenantId, settled: StepSettled) => DomainEvent;
}

/** A request, and whom it is about. */
export interface AskedStep {
  readonly tenantId: TenantId;
  readonly causation: Causation;
  readonly request: StepRequest;
}

export interface SagaParticipant<Services, Tx> {
  /** @throws Error for a step that nobody here knows */
  handle(services: Services, scope: CommandScope<Tx>, asked: AskedStep): Promise<void>;
  /** How a step ended whose outcome was not known. Nothing happens for what no saga waits for. */
  complete(services: Services, scope: CommandScope<Tx>, reference: string, result: StepResult): Promise<void>;
}

export function createSagaParticipant<Services, Tx extends SqlTransaction>(
  options: SagaParticipantOptions<Services, Tx>,
): SagaParticipant<Services, Tx> {
  const { service, steps, settled } = options;

  function stepNamed(name: string): SagaStepHandler<Services, Tx> {
    const step = steps[name];
    if (step === undefined) throw new Error(`${service} carries out no step ${name}`);
    return step;
  }

  function reply(
    { emit }: CommandScope<Tx>,
    { sagaId, step, tenantId }: Pick<Participation, "sagaId" | "step" | "tenantId">,
    direction: StepSettled["direction"],
    result: StepResult,
  ): void {
    emit(settled(tenantId, { sagaId, step, direction, ...told(result) }));
  }

  async function execute(services: Services, scope: CommandScope<Tx>, began: Participation, work: StepWork) {
    const { result, reference = null } = await stepNamed(began.step).execute(services, scope, work);
    if (result.outcome === "LATER") return saveParticipation(scope.tx, { ...began, reference });
    return executed(scope, { ...began, reference }, result);
  }

  async function executed(scope: CommandScope<Tx>, began: Participation, result: StepResult): Promise<void> {
    await saveParticipation(scope.tx, { ...began, state: "EXECUTED", ...told(result) });
    reply(scope, began, "EXECUTE", result);
  }

  async function compensate(services: Services, scope: CommandScope<Tx>, done: Participation): Promise<void> {
    const result = await stepNamed(done.step).compensate(services, scope, done);
    if (result.outcome === "LATER") return saveParticipation(scope.tx, { ...done, state: "COMPENSATING" });
    if (result.outcome === "FAILED") return stands(scope, done, result);
    await saveParticipation(scope.tx, { ...done, state: "COMPENSATED" });
    reply(scope, done, "COMPENSATE", result);
  }

  async function stands(scope: CommandScope<Tx>, done: Participation, result: StepResult): Promise<void> {
    await saveParticipation(scope.tx, { ...done, state: "EXECUTED", outcome: "DONE", reason: null });
    reply(scope, done, "COMPENSATE", result);
  }

  /** A copy of the request may have come before the reply to the first one. */
  function executeAgain(scope: CommandScope<Tx>, known: Participation): void {
    if (known.state !== "EXECUTED" || known.outcome === null) return;
    const { outcome, reason } = known;
    reply(scope, known, "EXECUTE", outcome === "DONE" ? { outcome } : { outcome, reason: reason ?? "" });
  }

  async function compensateAgain(services: Services, scope: CommandScope<Tx>, known: Participation): Promise<void> {
    if (known.state === "COMPENSATED") return reply(scope, known, "COMPENSATE", { outcome: "DONE" });
    if (known.state === "EXECUTING" || known.state === "EXECUTED") return compensate(services, scope, known);
  }

  return {
    async handle(services, scope, { tenantId, causation, request }) {
      const { sagaId, step, direction, input } = request;
      if (request.service !== service) return;
      const begins = direction === "EXECUTE" ? "EXECUTING" : "COMPENSATED";
      const isNew = await insertParticipation(scope.tx, { sagaId, step, tenantId, state: begins });
      const known = await findParticipation(scope.tx, sagaId, step);
      if (known === undefined) throw new Error(`what was done for ${sagaId} belongs to another tenant`);
      if (direction === "COMPENSATE") {
        // What comes late is not carried out any more: nothing was done, and nothing will be.
        return isNew ? reply(scope, known, direction, { outcome: "DONE" }) : compensateAgain(services, scope, known);
      }
      return isNew
        ? execute(services, scope, known, { sagaId, tenantId, input, causation })
        : executeAgain(scope, known);
    },

    async complete(services, scope, reference, result) {
      const known = await findParticipationOf(scope.tx, reference);
      if (known?.state === "EXECUTING") return executed(scope, known, result);
      if (known?.state !== "COMPENSATING") return;
      if (result.outcome === "DONE") return stands(scope, known, { outcome: "FAILED", reason: "It went through." });
      return compensate(services, scope, known);
    },
  };
}

/** As rows and events have it. */
function told(result: StepResult): Pick<StepSettled, "outcome" | "reason"> {
  return { reason: null, ...result };
}
