/**
 * The signed-in session of this profile. Gives out access tokens, replaces them before they expire, and does so in one
 * window at a time: refresh tokens work once, and a second use would revoke the session.
 */
import {
  type IssuedSessionFragment,
  type IssuedTokensFragment,
  RefreshSessionDocument,
  SignOutDocument,
} from "../../../schema/generated/operations.ts";
import { sendOperation } from "../graphql/send-operation.ts";
import { type AccessToken, accessToken } from "./access-token.ts";
import { onSessionChanged, readSession, removeSession, type StoredSession, writeSession } from "./session-storage.ts";
import { withLock } from "./with-lock.ts";

export interface SessionManager {
  /** The signed-in user's id. */
  userId(): string | undefined;
  /** Called when somebody signed in or out, here or in another window. Returns the function that ends it. */
  onChange(listener: () => void): () => void;
  /**
   * A token to send now; `undefined` when nobody is signed in.
   * @param refused a token that the server did not accept: it is not given out again
   * @throws when a new token is needed and the gateway cannot be reached
   */
  accessToken(refused?: string): Promise<string | undefined>;
  /** Takes up what signing in gave. */
  adopt(session: IssuedSessionFragment, tokens: IssuedTokensFragment): void;
  /**
   * Ends the session because the user said so: here and in all windows at once, at the server as soon as it can be
   * reached.
   */
  signOut(): Promise<void>;
  /** Did the user of this window end the last session? */
  signedOut(): boolean;
}

export function createSessionManager(): SessionManager {
  const listeners = new Set<() => void>();
  let stored = readSession();
  let token: AccessToken | undefined;
  let refreshing: Promise<string | undefined> | undefined;
  let onPurpose = false;

  const take = (next: StoredSession | undefined): void => {
    const changed = stored?.sessionId !== next?.sessionId;
    if (changed) token = undefined;
    stored = next;
    if (changed) for (const listener of listeners) listener();
  };

  const adopt = (session: IssuedSessionFragment, tokens: IssuedTokensFragment): void => {
    const next = { sessionId: session.id, userId: session.user.id, refreshToken: tokens.refreshToken };
    onPurpose = false;
    writeSession(next);
    const fresh = accessToken(tokens.accessToken, tokens.expiresAt, Date.now());
    take(next);
    token = fresh;
  };

  const forget = (): void => {
    removeSession();
    take(undefined);
  };

  const refresh = async (): Promise<string | undefined> => {
    // Another window may have used the one in memory while this one waited for its turn.
    const current = readSession();
    take(current);
    if (current === undefined) return undefined;
    const { data, errors } = await sendOperation(RefreshSessionDocument, {
      input: { refreshToken: current.refreshToken },
    });
    const { session, tokens, userErrors = [] } = data?.sessionRefresh ?? {};
    // Signed out, or in anew, in another window meanwhile: that is what counts.
    if (readSession()?.refreshToken !== current.refreshToken) {
      take(readSession());
      return undefined;
    }
    if (session && tokens) {
      adopt(session, tokens);
      return tokens.accessToken;
    }
    const refused =
      userErrors.length > 0 || errors?.some(({ extensions }) => extensions?.["code"] === "UNAUTHENTICATED");
    if (!refused) throw new Error("The session cannot be renewed right now.");
    forget();
    return undefined;
  };

  const usableToken = async (refused?: string): Promise<string | undefined> => {
    if (stored === undefined) return undefined;
    if (token !== undefined && token.value !== refused && token.refreshAt > Date.now()) return token.value;
    refreshing ??= withLock("tributary.refresh", refresh).finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };

  onSessionChanged(() => take(readSession()));

  return {
    userId: () => stored?.userId,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    accessToken: usableToken,
    adopt,
    async signOut() {
      const last = await usableToken().catch(() => undefined);
      onPurpose = true;
      forget();
      // Unreachable: the server's session ends by its expiry, and no token of it is left here.
      if (last !== undefined) await sendOperation(SignOutDocument, { input: {} }, last).catch(() => {});
    },
    signedOut: () => onPurpose,
  };
}
