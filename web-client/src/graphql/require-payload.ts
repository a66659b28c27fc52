import type { FormattedExecutionResult } from "graphql";

/** What a mutation answered. @throws Error when it did not: its message says why */
export function requirePayload<Data, Payload>(
  { data, errors }: FormattedExecutionResult<Data>,
  payloadOf: (data: Data) => Payload,
): Payload {
  if (data == null) throw new Error(errors?.[0]?.message ?? "the gateway gave no answer");
  return payloadOf(data);
}
