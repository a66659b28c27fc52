/**
 * How processes find and call each other: the registry's settings, and the gateway's policies for calls to subgraphs.
 */
import { z } from "zod";
import { count, milliseconds, url } from "./setting-kinds.ts";

const httpUrl = url("http", "https");

/** `1000,2000`; `none` is the empty list, since an empty variable means "not set". */
const delays = z.string().transform((text, context) => {
  if (text.trim() === "none") return [];
  const parts = text.split(",").map((part) => Number(part.trim()));
  if (parts.every((part) => Number.isInteger(part) && part >= 0)) return parts;
  context.addIssue({ code: "custom", message: "must be comma-separated milliseconds, or none" });
  return z.NEVER;
});

/** What a policy may say differently for one subgraph; the names are those of the settings without their beginning. */
const policySchema = z.strictObject({
  retryDelaysMs: z.array(z.number().int().min(0)).optional(),
  attemptMs: z.number().int().min(1).optional(),
  breakerShare: z.number().gt(0).lt(1).optional(),
  breakerCalls: z.number().int().min(1).optional(),
  breakerOpenMs: z.number().int().min(1).optional(),
  breakerProbes: z.number().int().min(1).optional(),
});

/** JSON: subgraph → what its policy says differently. */
const policies = z.string().transform((text, context): Readonly<Record<string, z.infer<typeof policySchema>>> => {
  const parsed = z.record(z.string(), policySchema).safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  context.addIssue({
    code: "custom",
    message: 'must be JSON such as {"SUBGRAPH":{"retryDelaysMs":[500],"attemptMs":2000,"breakerCalls":10}}',
  });
  return z.NEVER;
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A subgraph's addresses: one, or several that answer alike. */
export function addresses(first: string): z.ZodDefault<z.ZodType<readonly string[], string>> {
  return z
    .string()
    .transform((text) => text.split(",").map((part) => part.trim()))
    .pipe(z.array(httpUrl).min(1))
    .default([first]);
}

/** Where processes say that they can be asked. */
export const registrySettings = {
  REDIS_PREFIX: z
    .string()
    .min(1)
    .default("tributary")
    .describe("Begins keys and channels in Redis: installations that share one Redis need one each"),
  SERVICE_LEASE_MS: milliseconds
    .min(500)
    .default(10_000)
    .describe("With REDIS_URL: a subgraph process that died is asked nothing any more after this time"),
};

/** What a subgraph process says about itself. */
export const registrationSettings = {
  ...registrySettings,
  SUBGRAPH_ADVERTISED_URL: httpUrl
    .optional()
    .describe("Address by which gateways reach this process; default: HOST (or the host's name) and its port"),
};

export const subgraphCallSettings = {
  SUBGRAPH_TIMEOUT_MS: milliseconds
    .default(10_000)
    .describe("Deadline of one request to a subgraph with all its attempts, in milliseconds"),
  SUBGRAPH_ATTEMPT_MS: milliseconds
    .default(4_000)
    .describe("Longest attempt of a request that may be sent again, in milliseconds"),
  SUBGRAPH_RETRIES: delays
    .default([1_000, 2_000])
    .describe(
      "Pauses before a request that failed is sent again, in milliseconds, or none; only queries and mutations with an idempotency key are",
    ),
  SUBGRAPH_BREAKER_SHARE: z.coerce
    .number()
    .gt(0)
    .lt(1)
    .default(0.5)
    .describe("An instance is left alone for a while when more than this share of its last calls failed, from 0 to 1"),
  SUBGRAPH_BREAKER_CALLS: count.default(10).describe("How many of its last calls are looked at"),
  SUBGRAPH_BREAKER_OPEN_MS: milliseconds.default(1_000).describe("For how long it is left alone, in milliseconds"),
  SUBGRAPH_BREAKER_PROBES: count
    .default(2)
    .describe("How many calls it then gets as a trial: all must succeed before it gets more"),
  SUBGRAPH_POLICIES: policies
    .default({})
    .describe(
      "What is different for a subgraph, as JSON: name → retryDelaysMs, attemptMs, breakerShare, breakerCalls, breakerOpenMs, breakerProbes",
    ),
};
