/** Who may see the same: the authorization scope of a request, as a key. */
import type { Identity } from "../../platform/auth/identity.ts";
import type { GatewayContext } from "../ports.ts";

/** Identities are made anew when rights change: what was asked with other rights is another scope. */
const numbers = new WeakMap<Identity, number>();
let last = 0;

function numberOf(identity: Identity): number {
  const known = numbers.get(identity);
  if (known !== undefined) return known;
  last += 1;
  numbers.set(identity, last);
  return last;
}

/** A session's own scope; for an audience and for anonymous callers, everybody's who is treated alike. Whoever acts for a service shares nothing. */
export function authorizationScope({ identity, forwardedHeaders }: GatewayContext): string | undefined {
  switch (identity.kind) {
    case "USER":
      return `user ${numberOf(identity)}`;
    case "AUDIENCE":
      return `audience ${JSON.stringify([...identity.grants].map(([id, permissions]) => [id, [...permissions]]))}`;
    case "ANONYMOUS":
      // The standalone gateway knows nobody: its callers differ by what goes on to the subgraphs.
      return `anonymous ${JSON.stringify(forwardedHeaders)}`;
    default:
      return undefined;
  }
}
