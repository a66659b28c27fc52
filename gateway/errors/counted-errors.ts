/**
 * The one translation of errors, with a count of what left by it: each error of each answer once, by its code. Codes of
 * foreign subgraphs come from outside, so their number is bounded: those that come after the first are counted together
 * as `OTHER`.
 */
import type { GraphQLError, GraphQLFormattedError } from "graphql";
import { labels, type MetricsSource } from "../../platform/http/metrics-format.ts";
import { type ErrorTrust, toGatewayError } from "./public-error.ts";
import type { RequestScope } from "./request-scope.ts";

export interface CountedErrors {
  toPublic(error: GraphQLError, scope: RequestScope): GraphQLFormattedError;
  readonly metrics: MetricsSource;
}

const MAX_CODES = 100;

export function countErrors(trust: ErrorTrust): CountedErrors {
  const counts = new Map<string, number>();
  return {
    toPublic(error, scope) {
      const publicError = toGatewayError(error, scope, trust);
      const code = String(publicError.extensions?.["code"] ?? "UNKNOWN");
      const counted = counts.has(code) || counts.size < MAX_CODES ? code : "OTHER";
      counts.set(counted, (counts.get(counted) ?? 0) + 1);
      return publicError;
    },
    metrics: () => [
      {
        type: "counter",
        name: "tributary_errors_total",
        help: "Errors in answers, by code",
        samples: [...counts].map(([code, count]) => [labels({ code }), count] as const),
      },
    ],
  };
}
