/**
 * What outlives a page: the refresh token, in localStorage. All windows of a profile share one session, and the API
 * sets no cookies. A script of ours could read it. So no foreign script may run (content security policy), and the
 * access token never leaves memory. The server revokes a session whose refresh token is used twice.
 */
export interface StoredSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly refreshToken: string;
}

const KEY = "tributary.session";

export function readSession(): StoredSession | undefined {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return isStoredSession(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function writeSession(session: StoredSession): void {
  localStorage.setItem(KEY, JSON.stringify(session));
}

export function removeSession(): void {
  localStorage.removeItem(KEY);
}

/** Calls when another window changed it. Returns the function that ends it. */
export function onSessionChanged(listener: () => void): () => void {
  // A key of null: the whole storage was cleared.
  const onStorage = (event: StorageEvent): void => {
    if (event.key === KEY || event.key === null) listener();
  };
  window.addEventListener("storage", onStorage);
  return () => window.removeEventListener("storage", onStorage);
}

function isStoredSession(value: unknown): value is StoredSession {
  if (typeof value !== "object" || value === null) return false;
  return ["sessionId", "userId", "refreshToken"].every((name) => typeof Reflect.get(value, name) === "string");
}
