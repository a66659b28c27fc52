/**
 * A saga is work of several subgraphs that is complete in the end, or undone: steps in order, each with a compensation
 * (Garcia-Molina, Salem: "Sagas", SIGMOD 1987). These are its parts as they are stored and shown.
 */
import { z } from "zod";
import type { TenantId } from "../auth/principal-ids.ts";
import type { Causation } from "../events/envelope.ts";
import { type Id, idKind } from "../ids.ts";

export const SagaId = idKind("sga");
export type SagaId = Id<"sga">;

export const sagaState = z.enum(["RUNNING", "COMPLETED", "COMPENSATING", "COMPENSATED"]);
export type SagaState = z.infer<typeof sagaState>;

export const stepState = z.enum(["PENDING", "RUNNING", "DONE", "FAILED", "COMPENSATING", "COMPENSATED", "SKIPPED"]);
export type StepState = z.infer<typeof stepState>;

export const direction = z.enum(["EXECUTE", "COMPENSATE"]);
export type Direction = z.infer<typeof direction>;

export interface SagaStep {
  readonly name: string;
  /** The subgraph that carries it out. */
  readonly service: string;
  readonly state: StepState;
  /** How often it was asked for, in the direction that it goes now. */
  readonly attempts: number;
  /** Why it failed, for people; null when it did not. */
  readonly error: string | null;
  readonly compensatedAt: Date | null;
}

/** How far a saga is. */
export interface SagaProgress {
  readonly state: SagaState;
  /** Why it is being undone, for people; null while nothing is. */
  readonly failure: string | null;
  /** In the order of their execution. */
  readonly steps: readonly SagaStep[];
}

export interface Saga extends SagaProgress {
  readonly id: SagaId;
  readonly kind: string;
  readonly tenantId: TenantId;
  /** What its steps work with; empty when it has ended. */
  readonly input: Readonly<Record<string, string>>;
  /** Whose request it carries out. */
  readonly causation: Causation;
  readonly startedAt: Date;
  /** What is not done by then is undone. */
  readonly deadline: Date;
  /** When to look after it without being told; null when it has ended. */
  readonly wakeAt: Date | null;
  readonly finishedAt: Date | null;
  /** Rises with every change. */
  readonly version: number;
}

/** A step to carry out now. */
export interface StepAction {
  readonly step: string;
  readonly direction: Direction;
}

/** How a step ended, as whoever carries it out says. */
export interface StepReply extends StepAction {
  /** `FAILED` for a compensation: what was done stands, and cannot be undone. */
  readonly outcome: "DONE" | "FAILED";
  /** For people; null for what is done. */
  readonly reason: string | null;
}
