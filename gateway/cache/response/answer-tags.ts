/** By which evictions an answer goes: those of everything in it, and of whom it was made for. */
import { grantsOf } from "../../../platform/auth/identity.ts";
import type { AnswerContents, GatewayContext } from "../../ports.ts";
import { scopeTags } from "../cache-scope.ts";
import { addTag, entityTag, ORGANIZATION_TAG, organizationTag } from "../tags.ts";
import type { ResponsePolicy } from "./policy.ts";
import { ANY_EVENT_TAG } from "./response-store.ts";

export function tagsOfAnswer(
  { scope, tags: hinted }: Pick<ResponsePolicy, "scope" | "tags">,
  { ids, open, sources }: AnswerContents,
  context: Pick<GatewayContext, "identity">,
): Set<string> {
  const { identity } = context;
  // Which of its parts goes by every event of an organisation is among what is open.
  const tags = scopeTags({ scope, tags: hinted.filter((tag) => tag !== ORGANIZATION_TAG) }, context, sources);
  for (const [id, its] of ids) addTag(tags, entityTag(id), its);
  if (open.size === 0) return tags;
  const organizations = scope === "PUBLIC" ? [] : [...grantsOf(identity).keys()];
  for (const id of organizations) addTag(tags, organizationTag(id), open);
  // Nothing says whose events these are. Whoever belongs nowhere has the events about themselves.
  const own = scope !== "PUBLIC" && identity.kind === "USER";
  if (organizations.length === 0 && !own) tags.add(ANY_EVENT_TAG);
  return tags;
}
