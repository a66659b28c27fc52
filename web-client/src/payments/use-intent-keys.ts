import { useRef } from "react";
import { newIdempotencyKey } from "../graphql/idempotency-key.ts";

export interface IntentKeys {
  /**
   * Runs a mutation under the key of its intent. The key stays while no answer came, so that a repeat after a lost
   * answer cannot act twice; an answer ends the intent, and the next try is a new one.
   */
  run<Answer>(intent: string, mutate: (idempotencyKey: string) => Promise<Answer>): Promise<Answer>;
}

export function useIntentKeys(): IntentKeys {
  const keys = useRef(new Map<string, string>());
  return {
    async run(intent, mutate) {
      const key = keys.current.get(intent) ?? newIdempotencyKey();
      keys.current.set(intent, key);
      const answer = await mutate(key);
      keys.current.delete(intent);
      return answer;
    },
  };
}
