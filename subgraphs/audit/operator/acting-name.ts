import type { Operator } from "../../../platform/operator/operator.ts";

/** Who it was, as dead letters keep it: id of a user, or `operator:<name>` for the command line. */
export function actingName({ identity, causation }: Operator): string {
  return identity.kind === "USER" ? identity.userId : (causation.actorId ?? identity.kind);
}
