/** Tells the relay of another process that rows are committed: one NOTIFY for all that come while the last is sent. */

/** The part of a Postgres session that it needs. */
export interface NotifyingSession {
  query(text: string): Promise<unknown>;
}

/** @param session of this process's own relay, which waits for the lock that another holds */
export function createAnnouncer(session: () => NotifyingSession | undefined): () => void {
  let sending = false;
  let again = false;

  async function send(): Promise<void> {
    sending = true;
    do {
      again = false;
      // Lost with its session: the other relay finds the rows by its poll.
      await session()
        ?.query("SELECT pg_notify('outbox', '')")
        .catch(() => undefined);
    } while (again);
    sending = false;
  }

  return () => {
    again = true;
    if (!sending) void send();
  };
}
