/** What callers may ask of a gateway: how often, how long, how much. */
import { z } from "zod";
import { count, milliseconds } from "./setting-kinds.ts";

export const limitSettings = {
  RATE_LIMIT_POINTS: count
    .optional()
    .describe("Most operations of one caller per window; default: 10,000, and none for the standalone gateway"),
  RATE_LIMIT_WINDOW_MS: milliseconds
    .default(10_000)
    .describe("Window in which the operations of one caller are counted, in milliseconds, rounded up to seconds"),
  ADMISSION_CONCURRENCY: count
    .optional()
    .describe(
      "Most operations that run at once; fewer do while most of them hold each other up; default: 256, and no limit for the standalone gateway",
    ),
  ADMISSION_WAIT_MS: milliseconds
    .default(5_000)
    .describe("How long an operation waits for its turn before it is refused with 503, in milliseconds"),
  MAX_BODY_BYTES: z.coerce.number().int().min(1_000).default(262_144).describe("Largest request body, in bytes"),
  MAX_TOKENS: count.default(1_000).describe("Most tokens in a GraphQL document"),
  MAX_DEPTH: count.default(15).describe("Deepest selection in an operation"),
  MAX_ALIASES: z.coerce.number().int().min(0).default(30).describe("Most aliases in an operation"),
  MAX_ROOT_FIELDS: count.default(20).describe("Most root fields in an operation"),
  MAX_COST: count
    .default(200_000)
    .describe("Highest estimated cost of an operation: about the objects it could return"),
  MAX_PLAN_OPTIONS: count
    .default(50)
    .describe("Most ways to fetch a selection, over all subgraphs, that are compared when an operation is planned"),
  COST_ASSUMED_LIST_SIZE: count
    .default(10)
    .describe("Values that the estimate assumes in a list when no argument or directive says how many"),
};
