/**
 * The stages of a request to `/graphql`, from the moment when its body was read until its answer has left or its caller
 * has.
 */
import type { FastifyReply } from "fastify";
import { beginStages, type Stages } from "../../platform/tracing/stages.ts";
import type { TraceContext } from "../../platform/tracing/trace-context.ts";

/** @returns `undefined` when nobody records the request */
export function followStages(trace: TraceContext, { raw }: FastifyReply): Stages | undefined {
  const stages = beginStages(trace);
  if (stages === undefined) return undefined;
  raw.once("close", () => {
    if (!raw.writableFinished) stages.fail(new Error("the caller left before the answer was sent"));
    else if (raw.statusCode >= 400 && stages.isBefore("output"))
      stages.fail(new Error(`refused with ${raw.statusCode}`));
    else stages.end();
  });
  return stages;
}
