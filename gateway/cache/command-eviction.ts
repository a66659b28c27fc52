/**
 * Evicts what a command changed as soon as its subgraph has answered. The eviction comes before any later read of the
 * operation and before the caller's answer, so that callers read their own writes. Other gateways follow by event.
 */
import { grantsOf } from "../../platform/auth/identity.ts";
import type { GatewayContext } from "../ports.ts";
import type { SubgraphClient } from "../transport/subgraph-client.ts";
import type { CacheEviction } from "./event-eviction.ts";
import { entityTag, organizationTag, userTag } from "./tags.ts";

export function evictAfterCommands(client: SubgraphClient, eviction: CacheEviction): SubgraphClient {
  /** A subgraph that once told what it changed always does, when it answers at all. */
  let tells = false;
  return async (request, context) => {
    const answer = await client(request, context);
    if (request.operation.kind !== "mutation") return answer;
    const { evict, evictTags, evictAll } = eviction;
    if (answer.changes !== undefined) {
      tells = true;
      await evict(answer.changes);
      // What the first request changed, perhaps by way of another gateway, whose events are yet to come.
      if (context.idempotencyReplayed === true) await evictTags(tagsOfCaller(context));
    } else if (tells) await evictTags(tagsOfCaller(context));
    else await evictAll();
    return answer;
  };
}

/** Of all that the caller may have changed. */
function tagsOfCaller({ identity }: GatewayContext): string[] {
  const organizations = [...grantsOf(identity).keys()];
  const own = identity.kind === "USER" ? [userTag(identity.userId), entityTag(identity.userId)] : [];
  return [...own, ...organizations.flatMap((id) => [organizationTag(id), entityTag(id)])];
}
