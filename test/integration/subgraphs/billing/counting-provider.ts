// A provider that counts the money it moved, and that can be away.
import type { PaymentProvider } from "../../../../subgraphs/billing/provider/payment-provider.ts";

export interface CountingProvider extends PaymentProvider {
  /** Distinct charges that were asked for, by idempotency key: one per movement of money. */
  readonly charged: ReadonlySet<string>;
  /** Handles of methods that were given up. */
  readonly detached: readonly string[];
  /** Runs before each charge is passed on; throw to be away. */
  beforeCharge: (key: string) => void | Promise<void>;
  /** Runs after each charge was made; throw to lose the answer. */
  afterCharge: (key: string) => void | Promise<void>;
}

export function countingProvider(inner: PaymentProvider): CountingProvider {
  const charged = new Set<string>();
  const detached: string[] = [];
  const counting: CountingProvider = {
    ...inner,
    charged,
    detached,
    beforeCharge: () => undefined,
    afterCharge: () => undefined,
    async detach(reference) {
      await inner.detach(reference);
      detached.push(reference);
    },
    async charge(request) {
      await counting.beforeCharge(request.idempotencyKey);
      const result = await inner.charge(request);
      charged.add(request.idempotencyKey);
      await counting.afterCharge(request.idempotencyKey);
      return result;
    },
  };
  return counting;
}
