/** Somebody who runs the platform and asks for a change, over the API or from the command line. */
import type { Identity } from "../auth/identity.ts";
import { OPERATOR_SERVICE } from "../auth/operators.ts";
import type { Causation } from "../events/envelope.ts";
import { causedByService } from "../events/service-causation.ts";

export interface Operator {
  readonly identity: Identity;
  readonly causation: Causation;
}

/** @param name of who works on the command line: whatever they cause names them */
export function operatorOf(name: string): Operator {
  return {
    identity: { kind: "SERVICE", service: OPERATOR_SERVICE },
    causation: causedByService(`${OPERATOR_SERVICE}:${name}`),
  };
}
