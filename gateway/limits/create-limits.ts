/**
 * Every limit that a caller meets, as the settings ask for them: of a document, of its arguments, of what it costs, of
 * how often it is asked, of how many run at once.
 */
import type { GatewayOptions } from "../gateway-options.ts";
import type { PlanFeatures, SchemaSource } from "../ports.ts";
import { type Admission, createAdmission } from "./admission/admission.ts";
import { createDocumentGuard, type DocumentGuard } from "./document-limits.ts";
import { createOperationGuard, type OperationGuard } from "./operation-guard.ts";
import { createPublicFields, type PublicFields } from "./public-fields.ts";
import { createRateLimits, type RateLimits } from "./rate/create-rate-limits.ts";

export interface Limits {
  readonly documents: DocumentGuard;
  readonly operations: OperationGuard;
  /** What answers callers, too, whose token is no longer good. */
  readonly publicFields: PublicFields;
  readonly rates: RateLimits;
  /** Absent: all operations run as they come. */
  readonly admission: Admission | undefined;
}

/** Calls of one caller per window, where it is known who calls and nothing else is set. */
const CALLS = 10_000;
/** Operations at once, where it is known who asks and nothing else is set. */
const CONCURRENCY = 256;

/** @param planFeatures asked at the first operation at the earliest */
export function createLimits(
  { settings, authenticator, counting }: GatewayOptions,
  schema: SchemaSource,
  planFeatures: () => PlanFeatures | undefined,
): Limits {
  const concurrency = settings.ADMISSION_CONCURRENCY ?? (authenticator === undefined ? undefined : CONCURRENCY);
  return {
    admission:
      concurrency === undefined
        ? undefined
        : createAdmission({ most: concurrency, waitMs: settings.ADMISSION_WAIT_MS }),
    documents: createDocumentGuard({
      maxTokens: settings.MAX_TOKENS,
      maxDepth: settings.MAX_DEPTH,
      maxAliases: settings.MAX_ALIASES,
      maxRootFields: settings.MAX_ROOT_FIELDS,
    }),
    publicFields: createPublicFields(schema),
    operations: createOperationGuard({
      schema,
      maxCost: settings.MAX_COST,
      assumedListSize: settings.COST_ASSUMED_LIST_SIZE,
    }),
    rates: createRateLimits({
      schema,
      points: settings.RATE_LIMIT_POINTS ?? (authenticator === undefined ? undefined : CALLS),
      windowMs: settings.RATE_LIMIT_WINDOW_MS,
      sharing: counting,
      planFeatures,
    }),
  };
}
