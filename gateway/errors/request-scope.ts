/**
 * The trace and the logger of the request that is being answered, for code that Apollo Server calls without telling for
 * whom (`formatError`). Everything else gets them passed.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Logger } from "../../platform/logger/logger.ts";
import type { Stages } from "../../platform/tracing/stages.ts";

export interface RequestScope {
  readonly traceId: string;
  /** Bound to the trace: its lines carry the trace's id already. */
  readonly logger: Logger;
  /** Present when the request is recorded. */
  readonly stages?: Stages | undefined;
}

export interface RequestScopes {
  run<Result>(scope: RequestScope, work: () => Result): Result;
  current(): RequestScope | undefined;
}

export function createRequestScopes(): RequestScopes {
  const storage = new AsyncLocalStorage<RequestScope>();
  return { run: (scope, work) => storage.run(scope, work), current: () => storage.getStore() };
}
