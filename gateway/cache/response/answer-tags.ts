/** By which evictions an answer goes: those of everything in it, and of whom it was made for. */
import type { AnswerContents, GatewayContext } from "../../ports.ts";
import { scopeTags } from "../cache-scope.ts";
import { entityTag, ORGANIZATION_TAG, organizationTag } from "../tags.ts";
import type { ResponsePolicy } from "./policy.ts";
import { ANY_EVENT_TAG } from "./response-store.ts";

export function tagsOfAnswer(
  policy: ResponsePolicy,
  { ids, open }: AnswerContents,
  context: Pick<GatewayContext, "identity">,
): Set<string> {
  const { identity } = context;
  const tags = new Set(scopeTags(policy, context));
  for (const id of ids) tags.add(entityTag(id));
  const organizations =
    policy.scope !== "PUBLIC" && (identity.kind === "USER" || identity.kind === "AUDIENCE")
      ? [...identity.grants.keys()]
      : [];
  if (open) for (const id of organizations) tags.add(organizationTag(id));
  // Nothing says whose events these are. Whoever belongs nowhere has the events about themselves.
  const unnamed = open || policy.tags.includes(ORGANIZATION_TAG);
  const own = policy.scope !== "PUBLIC" && identity.kind === "USER";
  if (unnamed && organizations.length === 0 && !own) tags.add(ANY_EVENT_TAG);
  return tags;
}
