/**
 * Whom a cached value is for, as part of its key: it is never shown to anybody whom the subgraph might have answered
 * otherwise. Equal for everybody who is treated alike, whichever gateway they reach.
 */
import { type Grants, grantsOf, type Identity } from "../../platform/auth/identity.ts";
import type { GatewayContext } from "../ports.ts";
import type { CacheHint, CacheScope } from "./hints.ts";
import { addTag, ORGANIZATION_TAG, organizationTag, userTag } from "./tags.ts";

const PUBLIC_SCOPE = "public";

interface ScopeTexts {
  readonly organization: string;
  readonly viewer: string;
}

/** Made once per session and per request of an unknown caller. */
const ofIdentity = new WeakMap<Identity, ScopeTexts>();
const ofHeaders = new WeakMap<GatewayContext["forwardedHeaders"], string>();

/**
 * @returns `undefined` for who is shown nothing cached and fills no cache. A context that is `fresh` has a scope: it
 * reads past the cache and may refill it
 */
export function cacheScopeKey(
  scope: CacheScope,
  context: Pick<GatewayContext, "identity" | "forwardedHeaders">,
): string | undefined {
  const { identity } = context;
  // A service sees what no caller does.
  if (identity.kind === "SERVICE") return undefined;
  if (scope === "PUBLIC") return PUBLIC_SCOPE;
  if (identity.kind === "ANONYMOUS") return anonymous(context.forwardedHeaders);
  const texts = textsOf(identity);
  return scope === "VIEWER" ? texts.viewer : texts.organization;
}

/**
 * Tags that an entry has by its hint and by whom it was read for, beside those of the entities it holds.
 * @param sources whose events may change it
 */
export function scopeTags(
  { scope, tags }: Pick<CacheHint, "scope" | "tags">,
  { identity }: Pick<GatewayContext, "identity">,
  sources: Iterable<string>,
): Set<string> {
  const found = new Set(tags.filter((tag) => tag !== ORGANIZATION_TAG));
  if (scope === "PUBLIC") return found;
  if (tags.includes(ORGANIZATION_TAG)) {
    for (const id of grantsOf(identity).keys()) addTag(found, organizationTag(id), sources);
  }
  if (identity.kind === "USER" && (scope === "VIEWER" || identity.grants.size === 0)) {
    addTag(found, userTag(identity.userId), sources);
  }
  return found;
}

/** Of whom something is shown that not everybody is. */
type Reader = Extract<Identity, { kind: "USER" | "API_KEY" | "AUDIENCE" }>;

function textsOf(identity: Reader): ScopeTexts {
  const cachedTexts = ofIdentity.get(identity);
  if (cachedTexts !== undefined) return cachedTexts;
  const texts = makeTexts(identity);
  ofIdentity.set(identity, texts);
  return texts;
}

function makeTexts(identity: Reader): ScopeTexts {
  const rights = textOf(identity.grants);
  if (identity.kind !== "USER") {
    // Fields about the viewer answer as for nobody: what members are shown of themselves is not mixed with it.
    const audience = `audience ${rights}`;
    return { organization: audience, viewer: audience };
  }
  // A user's sessions may differ in what they are shown of themselves.
  const viewer = `viewer ${JSON.stringify([identity.userId, identity.sessionId])} ${rights}`;
  // Whoever belongs nowhere has nobody to share with.
  return { organization: identity.grants.size === 0 ? viewer : `members ${rights}`, viewer };
}

function textOf(grants: Grants): string {
  const sorted = [...grants].sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify(sorted.map(([id, permissions]) => [id, [...permissions].sort()]));
}

/** The standalone gateway knows nobody: its callers differ by what goes on to the subgraphs. */
function anonymous(headers: GatewayContext["forwardedHeaders"]): string {
  const cachedText = ofHeaders.get(headers);
  if (cachedText !== undefined) return cachedText;
  const text = `anonymous ${JSON.stringify(Object.entries(headers).sort(([left], [right]) => (left < right ? -1 : 1)))}`;
  ofHeaders.set(headers, text);
  return text;
}
