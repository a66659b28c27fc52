/** Where a live stream keeps the cursor of the last event that was processed. */
export interface CursorStore {
  get(stream: string): string | undefined;
  set(stream: string, cursor: string): void;
  delete(stream: string): void;
}

/** Forgets with the page: a reload starts from the current state. */
export function createMemoryCursorStore(): CursorStore {
  const cursors = new Map<string, string>();
  return {
    get: (stream) => cursors.get(stream),
    set: (stream, cursor) => void cursors.set(stream, cursor),
    delete: (stream) => void cursors.delete(stream),
  };
}

/**
 * Outlives a reload of this tab, and only this tab: every tab processes on its own. `storage` is `sessionStorage` or
 * alike.
 */
export function createStorageCursorStore(storage: Pick<Storage, "getItem" | "setItem" | "removeItem">): CursorStore {
  const name = (stream: string): string => `tributary.cursor.${stream}`;
  return {
    get: (stream) => storage.getItem(name(stream)) ?? undefined,
    set: (stream, cursor) => storage.setItem(name(stream), cursor),
    delete: (stream) => storage.removeItem(name(stream)),
  };
}
