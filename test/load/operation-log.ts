// What became of the requests, per operation.
import { createDurations, type Durations } from "./durations.ts";
import type { PlannedRequest } from "./operations.ts";

type Request = Pick<PlannedRequest, "name" | "kind">;

/** No answer came, or one of another status than 2xx, or one that is not what was asked for. */
export type FailureKind = "connection" | "status" | "answer";

export interface OperationLog {
  succeeded(request: Request, latencyMs: number): void;
  failed(request: Request, error: unknown, failure: FailureKind): void;
  readonly errors: number;
  readonly failures: Readonly<Record<FailureKind, number>>;
  /** The first few errors. */
  readonly samples: readonly string[];
  /** Sums first, then operations in the order they came. */
  rows(): readonly { readonly name: string; readonly durations: Durations; readonly errors: number }[];
  readonly reads: Durations;
  readonly writes: Durations;
}

const MAX_SAMPLES = 5;

export function createOperationLog(): OperationLog {
  const reads = createDurations();
  const writes = createDurations();
  const operations = new Map<string, { readonly durations: Durations; errors: number }>();
  const samples: string[] = [];
  const failures: Record<FailureKind, number> = { connection: 0, status: 0, answer: 0 };
  const errorsOf = { read: 0, write: 0 };
  const of = (name: string) => {
    const outcomes = operations.get(name) ?? { durations: createDurations(), errors: 0 };
    operations.set(name, outcomes);
    return outcomes;
  };
  return {
    succeeded({ name, kind }, latencyMs) {
      of(name).durations.record(latencyMs);
      (kind === "read" ? reads : writes).record(latencyMs);
    },
    failed({ name, kind }, error, failure) {
      failures[failure] += 1;
      of(name).errors += 1;
      errorsOf[kind] += 1;
      if (samples.length < MAX_SAMPLES)
        samples.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    },
    get errors() {
      return errorsOf.read + errorsOf.write;
    },
    failures,
    samples,
    rows: () => [
      { name: "reads", durations: reads, errors: errorsOf.read },
      { name: "writes", durations: writes, errors: errorsOf.write },
      ...[...operations].map(([name, { durations, errors }]) => ({ name: `  ${name}`, durations, errors })),
    ],
    reads,
    writes,
  };
}
