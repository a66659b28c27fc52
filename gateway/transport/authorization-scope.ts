/**
 * Who shares answers that are under way. Cached answers are for whom their schema says; here nobody vouched for
 * anything, so that whoever has a credential shares with themselves only, session by session and as long as their
 * rights stay.
 */
import { type Identity, principalOf } from "../../platform/auth/identity.ts";
import { cacheScopeKey } from "../cache/cache-scope.ts";
import type { GatewayContext } from "../ports.ts";

/** Identities are made anew when rights change: what was asked with other rights is another scope. */
const numbers = new WeakMap<Identity, number>();
let last = 0;

function numberOf(identity: Identity): number {
  const existing = numbers.get(identity);
  if (existing !== undefined) return existing;
  last += 1;
  numbers.set(identity, last);
  return last;
}

/** Whoever acts for a service shares nothing. */
export function authorizationScope(context: GatewayContext): string | undefined {
  const { identity } = context;
  return principalOf(identity) === undefined ? cacheScopeKey("VIEWER", context) : `principal ${numberOf(identity)}`;
}
