/**
 * Limits how often one caller may call, before anything else is done for the call. A signed-in user is counted by user,
 * whatever the token or the address, and a program by its API key. Everybody else is counted by network address. A
 * token counts for its address until it proved good, so that invented tokens buy no calls.
 */
import { hash } from "node:crypto";
import { decodeJwt } from "jose";
import { LRUCache } from "lru-cache";
import { type Identity, principalId, principalOf } from "../../../platform/auth/identity.ts";
import { findAppError } from "../../../platform/errors/app-error.ts";
import type { Authenticator } from "../../ports.ts";
import { callerAddress } from "./caller-address.ts";
import type { Counters } from "./counters.ts";
import { rateLimited } from "./rate-limited.ts";

export interface RateLimitState {
  readonly limit: number;
  readonly remaining: number;
  /** When the window ends, in milliseconds from now. */
  readonly resetMs: number;
}

export interface CallLimit {
  /** Who would be counted: `callerKey` of a user whose token proved good, else of an address. */
  callerOf(token: string | undefined, ip: string | undefined): string;
  /**
   * Counts a call whose token nobody checked yet.
   * @throws AppError `RATE_LIMITED`
   */
  countUnverified(token: string | undefined, ip: string | undefined): Promise<RateLimitState>;
  /**
   * Counts a call of somebody known: an operation over a socket.
   * @throws AppError `RATE_LIMITED`
   */
  countIdentified(identity: Identity, ip: string | undefined): Promise<RateLimitState>;
  /**
   * The authenticator, which now also tells whose the tokens are. A token's first use is counted for its user after it
   * was checked; it may therefore throw AppError `RATE_LIMITED`, too.
   */
  observe(authenticator: Authenticator): Authenticator;
  /** Calls that were refused. */
  readonly refused: number;
}

export interface CallLimitOptions {
  readonly counters: Counters;
  /** Calls per window. */
  readonly points: number;
  readonly windowMs: number;
}

const MAX_TOKENS = 50_000;
const MAX_CALLERS = 20_000;
/** A token of ours is below 1 KB. */
const MAX_TOKEN_LENGTH = 8_192;

export function createCallLimit({ counters, points, windowMs }: CallLimitOptions): CallLimit {
  /** Callers by the hashes of their tokens. */
  const verifiedCallers = new LRUCache<string, string>({ max: MAX_TOKENS });
  /** Calls that were counted for an address only, by the hashes of their tokens, until somebody checked these. */
  const unverifiedCalls = new LRUCache<string, number>({ max: MAX_TOKENS });
  /** Until when callers are refused without being counted any more: a flood does not reach Redis. */
  const refusedUntil = new LRUCache<string, number>({ max: MAX_CALLERS });
  let refused = 0;

  function refuse(caller: string, resetMs: number): never {
    refused += 1;
    refusedUntil.set(caller, performance.now() + resetMs);
    throw rateLimited("caller", `More than ${points} calls within ${windowMs / 1_000} s.`, resetMs);
  }

  function refuseWhileLimited(caller: string): void {
    const until = refusedUntil.get(caller);
    if (until === undefined) return;
    const left = until - performance.now();
    if (left > 0) refuse(caller, left);
    refusedUntil.delete(caller);
  }

  async function count(caller: string): Promise<RateLimitState> {
    refuseWhileLimited(caller);
    const { total, resetMs } = await counters.add(caller, windowMs);
    if (total > points) refuse(caller, resetMs);
    return { limit: points, remaining: points - total, resetMs };
  }

  function takeUnverifiedCall(key: string): boolean {
    const calls = unverifiedCalls.get(key) ?? 0;
    if (calls > 1) unverifiedCalls.set(key, calls - 1);
    else unverifiedCalls.delete(key);
    return calls > 0;
  }

  /** A claim that nobody checked cannot use up anybody's calls; it is refused, unchecked, when they are used up. */
  async function refuseClaimedUser(token: string): Promise<void> {
    const claimed = claimedUser(token);
    if (claimed === undefined) return;
    refuseWhileLimited(claimed);
    const { total, resetMs } = await counters.peek(claimed, windowMs);
    if (total >= points && resetMs > 0) refuse(claimed, resetMs);
  }

  return {
    callerOf(token, ip) {
      const caller = isToken(token) ? verifiedCallers.get(digest(token)) : undefined;
      return caller ?? addressKey(ip);
    },
    async countUnverified(token, ip) {
      const address = addressKey(ip);
      if (!isToken(token)) return count(address);
      const key = digest(token);
      const caller = verifiedCallers.get(key);
      if (caller !== undefined) return count(caller);
      unverifiedCalls.set(key, (unverifiedCalls.get(key) ?? 0) + 1);
      const [state] = await Promise.all([count(address), refuseClaimedUser(token)]);
      return state;
    },
    countIdentified: (identity, ip) => count(callerKey(identity, ip)),
    observe: (authenticator) => ({
      onRevoked: (listener) => authenticator.onRevoked(listener),
      async authenticate(token, client) {
        const key = token === undefined || token === "" ? undefined : digest(token);
        const isUncounted = key !== undefined && takeUnverifiedCall(key);
        try {
          const authentication = await authenticator.authenticate(token, client);
          const principal = principalOf(authentication.identity);
          if (key !== undefined && principal !== undefined && (isUncounted || !verifiedCallers.has(key))) {
            const caller = principalKey(principalId(principal));
            verifiedCallers.set(key, caller);
            await count(caller);
          }
          return authentication;
        } catch (error) {
          // Whatever it was once, it is the address's matter from now on.
          if (key !== undefined && findAppError(error)?.code === "UNAUTHENTICATED") verifiedCallers.delete(key);
          throw error;
        }
      },
    }),
    get refused() {
      return refused;
    },
  };
}

/** Whoever signed in or has a key, else the address. */
export function callerKey(identity: Identity, ip: string | undefined): string {
  const principal = principalOf(identity);
  return principal === undefined ? addressKey(ip) : principalKey(principalId(principal));
}

const principalKey = (id: string) => `user:${id}`;
const addressKey = (ip: string | undefined) => `address:${callerAddress(ip)}`;
const digest = (token: string) => hash("sha256", token, "base64");

const isToken = (token: string | undefined): token is string => token !== undefined && token.length <= MAX_TOKEN_LENGTH;

function claimedUser(token: string): string | undefined {
  try {
    const { sub } = decodeJwt(token);
    return sub === undefined || sub.length > 128 ? undefined : principalKey(sub);
  } catch {
    return undefined;
  }
}
