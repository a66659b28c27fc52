/** The answer to an operation for one event, as it is sent. */
import type { GraphQLFormattedError } from "graphql";

export interface EnrichedAnswer {
  /** JSON text; `null` where a null went all the way up. */
  readonly data: string;
  /** Absent where there are none. */
  readonly errors?: readonly GraphQLFormattedError[];
}
