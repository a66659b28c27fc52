/**
 * The provider's handles of payment methods: whoever has one can charge it, so the database holds them sealed. Each is
 * sealed for its method alone. Handles from before they were sealed are read as they are, until they are sealed
 * (reseal-worker.ts).
 */
import { createTextSeal } from "../../../platform/auth/text-seal.ts";
import type { PaymentMethod } from "../domain/account.ts";
import type { PaymentMethodId } from "../domain/ids.ts";

/** As it is stored. */
export interface SealedReference {
  readonly reference: string;
  /** Which secret sealed it. */
  readonly sealedWith: string;
}

export interface MethodReferences {
  /** Which secret seals now. */
  readonly sealedWith: string;
  seal(id: PaymentMethodId, reference: string): SealedReference;
  /** @throws Error for a method that was given up, and for what none of the secrets sealed */
  open(method: Pick<PaymentMethod, "id" | "reference" | "sealedWith">): string;
}

/** @param secrets at least one, the newest first */
export function createMethodReferences(secrets: readonly string[]): MethodReferences {
  const seal = createTextSeal("payment method references", secrets);
  const { sealedWith } = seal;
  return {
    sealedWith,
    seal: (id, reference) => ({ reference: seal.seal(reference, id), sealedWith }),
    open({ id, reference, sealedWith: secret }) {
      if (reference === null) throw new Error(`the payment method ${id} was given up`);
      return secret === null ? reference : seal.open(reference, id);
    },
  };
}
