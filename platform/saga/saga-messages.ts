/** What a coordinator and those who carry out its steps say to each other, as data of events. */
import { z } from "zod";
import { direction, SagaId } from "./saga.ts";

/** Of `<coordinator>.saga.step_requested.v1`. */
export const stepRequest = z.object({
  sagaId: SagaId.schema,
  service: z.string(),
  step: z.string(),
  direction,
  input: z.record(z.string(), z.string()),
});
export type StepRequest = z.infer<typeof stepRequest>;

/** Of `<subgraph>.saga.step_settled.v1`. */
export const stepSettled = z.object({
  sagaId: SagaId.schema,
  step: z.string(),
  direction,
  outcome: z.enum(["DONE", "FAILED"]),
  reason: z.string().nullable(),
});
export type StepSettled = z.infer<typeof stepSettled>;
