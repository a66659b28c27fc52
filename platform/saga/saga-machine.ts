/**
 * What comes next in a saga: pure functions over its progress. Steps run one after the other. When one fails, or time
 * is over, they are undone from the last to the first. A step that fails is undone, too: it may have left something. At
 * any moment at most one step is under way, so whoever finds a saga knows what to ask for again.
 */
import type { SagaProgress, SagaStep, StepAction, StepReply } from "./saga.ts";

export interface Advance<Progress extends SagaProgress> {
  readonly progress: Progress;
  /** Undefined: wait for a reply, or nothing is left to do. */
  readonly todo: StepAction | undefined;
}

export const hasEnded = ({ state }: Pick<SagaProgress, "state">): boolean =>
  state === "COMPLETED" || state === "COMPENSATED";

/** Begins the step that is next, or ends the saga. */
export function advance<Progress extends SagaProgress>(progress: Progress): Advance<Progress> {
  if (progress.state === "RUNNING") return forward(progress);
  if (progress.state === "COMPENSATING") return backward(progress);
  return { progress, todo: undefined };
}

/** @returns the same object for a reply that nobody waits for any more */
export function settle<Progress extends SagaProgress>(progress: Progress, reply: StepReply, at: Date): Progress {
  const step = progress.steps.find(({ name }) => name === reply.step);
  if (step === undefined) return progress;
  return reply.direction === "EXECUTE"
    ? settleExecution(progress, step, reply)
    : settleUndoing(progress, step, reply, at);
}

/** Turns back what is not done in time. @returns the same object when it is being undone, or has ended */
export function expire<Progress extends SagaProgress>(progress: Progress): Progress {
  if (progress.state !== "RUNNING") return progress;
  return { ...progress, state: "COMPENSATING", failure: "It was not done in time." };
}

/** Asks once more for the step that is under way. */
export function askAgain<Progress extends SagaProgress>(progress: Progress): Advance<Progress> {
  const step = underWay(progress);
  if (step === undefined) return { progress, todo: undefined };
  return {
    progress: withStep(progress, { ...step, attempts: step.attempts + 1 }),
    todo: { step: step.name, direction: step.state === "RUNNING" ? "EXECUTE" : "COMPENSATE" },
  };
}

/** The step that somebody was asked for. */
export function underWay({ steps }: SagaProgress): SagaStep | undefined {
  return steps.find(({ state }) => state === "RUNNING" || state === "COMPENSATING");
}

function forward<Progress extends SagaProgress>(progress: Progress): Advance<Progress> {
  const step = progress.steps.find(({ state }) => state !== "DONE");
  if (step === undefined) return { progress: { ...progress, state: "COMPLETED" }, todo: undefined };
  if (step.state !== "PENDING") return { progress, todo: undefined };
  return {
    progress: withStep(progress, { ...step, state: "RUNNING", attempts: 1 }),
    todo: { step: step.name, direction: "EXECUTE" },
  };
}

function backward<Progress extends SagaProgress>(progress: Progress): Advance<Progress> {
  const steps = progress.steps.map(
    (step): SagaStep => (step.state === "PENDING" ? { ...step, state: "SKIPPED" } : step),
  );
  const rest = { ...progress, steps };
  const step = steps.findLast(({ state }) => state !== "SKIPPED" && state !== "COMPENSATED");
  if (step === undefined) return { progress: { ...rest, state: "COMPENSATED" }, todo: undefined };
  if (step.state === "COMPENSATING") return { progress: rest, todo: undefined };
  return {
    progress: withStep(rest, { ...step, state: "COMPENSATING", attempts: 1 }),
    todo: { step: step.name, direction: "COMPENSATE" },
  };
}

function settleExecution<Progress extends SagaProgress>(
  progress: Progress,
  step: SagaStep,
  { outcome, reason }: StepReply,
): Progress {
  if (progress.state !== "RUNNING" || step.state !== "RUNNING") return progress;
  if (outcome === "DONE") return withStep(progress, { ...step, state: "DONE" });
  const failed = withStep(progress, { ...step, state: "FAILED", error: reason });
  return { ...failed, state: "COMPENSATING", failure: reason };
}

function settleUndoing<Progress extends SagaProgress>(
  progress: Progress,
  step: SagaStep,
  { outcome, reason }: StepReply,
  at: Date,
): Progress {
  if (progress.state !== "COMPENSATING" || step.state !== "COMPENSATING") return progress;
  if (outcome === "DONE") return withStep(progress, { ...step, state: "COMPENSATED", compensatedAt: at });
  // It went through after all, and nothing was undone yet: then the saga goes on from there.
  const isFirst = progress.steps.every(({ state }) => state !== "COMPENSATED");
  if (!isFirst) return withStep(progress, { ...step, error: reason });
  const steps = progress.steps.map(
    (other): SagaStep => (other.state === "SKIPPED" ? { ...other, state: "PENDING" } : other),
  );
  const resumed = { ...progress, state: "RUNNING" as const, failure: null, steps };
  return withStep(resumed, { ...step, state: "DONE", error: null });
}

function withStep<Progress extends SagaProgress>(progress: Progress, changed: SagaStep): Progress {
  return { ...progress, steps: progress.steps.map((step) => (step.name === changed.name ? changed : step)) };
}
