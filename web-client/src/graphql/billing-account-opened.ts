import type { ApolloClient } from "@apollo/client";
import { BillingAccountOpenedDocument } from "../../../schema/generated/operations.ts";

const PATIENCE_MS = 15_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Waits until billing has opened the account of a new organisation; it learns of the organisation by an event.
 * @returns false when that takes longer than fifteen seconds: the dashboard goes on waiting
 */
export async function billingAccountOpened(client: ApolloClient, organizationId: string): Promise<boolean> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let pause = FIRST_PAUSE_MS; Date.now() < deadline; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const opened = await client
      .query({
        query: BillingAccountOpenedDocument,
        variables: { organizationId },
        fetchPolicy: "network-only",
        errorPolicy: "all",
      })
      .then(({ data }) => data?.organization?.billingAccount != null)
      // Billing may be away for a moment; the deadline decides.
      .catch(() => false);
    if (opened) return true;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return false;
}
