import type { UserErrorFieldsFragment } from "../../../schema/generated/operations.ts";

const PAUSE_MS = 500;
const TRIES = 20;

interface Answer {
  readonly userErrors: readonly UserErrorFieldsFragment[];
}

/** Repeats a mutation whose first request, with the same key, is still running at the server. */
export async function retryWhileInProgress<Result extends Answer>(mutate: () => Promise<Result>): Promise<Result> {
  for (let tried = 1; ; tried += 1) {
    const answer = await mutate();
    const running = answer.userErrors.some(({ code }) => code === "IDEMPOTENCY_IN_PROGRESS");
    if (!running || tried === TRIES) return answer;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
