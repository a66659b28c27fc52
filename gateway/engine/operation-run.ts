/**
 * One run of a compiled operation: everything is fetched, then the answer is written. For whoever brings the subgraphs.
 */
import type { GatewayContext } from "../ports.ts";
import type { JsonObject } from "../transport/json-object.ts";
import type { SubgraphClient } from "../transport/subgraph-client.ts";
import { NO_FAILURES } from "./execution/failures.ts";
import { type Run, runSteps } from "./execution/run-steps.ts";
import type { Step } from "./plan/steps.ts";
import { AnswerErrors } from "./response/answer-errors.ts";
import type { ResponseWriter } from "./response/writer.ts";
import type { Writing } from "./response/writing.ts";

export interface RunInput {
  readonly clients: ReadonlyMap<string, SubgraphClient>;
  readonly context: GatewayContext;
  /** Under the names that subgraphs get them by. */
  readonly variables: JsonObject;
}

/**
 * @param step absent when the gateway knows the answer by itself. @returns what was fetched; never rejects for what a
 * subgraph does
 */
export async function fetchData(step: Step | undefined, writer: ResponseWriter, input: RunInput): Promise<Run> {
  const run: Run = {
    ...input,
    data: {},
    shared: new Set(),
    missingEntities: new Set(),
    failures: undefined,
    leavesNothing: (fields) =>
      writer.leavesNothing(fields, run.data, writingOf(run, new AnswerErrors({ trial: true }))),
    plain: true,
    parts: [],
  };
  if (step !== undefined) await runSteps(step, run);
  return run;
}

/**
 * @param written the text, where it is known. @param errors are told of what is missing. @returns JSON text of `data`
 */
export function writeData(writer: ResponseWriter, run: Run, errors: AnswerErrors, written?: string): string {
  const text = written ?? writer.write(run.data, writingOf(run, errors));
  for (const failure of run.failures?.unreported() ?? []) errors.tell(failure);
  return text;
}

function writingOf({ failures, plain, shared, missingEntities }: Run, errors: AnswerErrors): Writing {
  return { errors, path: [], failures, here: NO_FAILURES, plain, shared, missingEntities, texts: new Map() };
}
