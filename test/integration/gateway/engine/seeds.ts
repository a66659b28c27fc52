// Which random operations a test runs: the same ones always, or the one of a failure.
import { REPEATED_RUN } from "../../../support/random-of-test.ts";

/** 1 to `count`; with `FAULT_SEED` only that one. */
export function seedsTo(count: number): readonly number[] {
  return REPEATED_RUN === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [REPEATED_RUN.seed];
}
