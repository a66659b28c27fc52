import { useApolloClient } from "@apollo/client/react";
import { useCallback, useEffect, useRef } from "react";

const PAUSE_MS = 120;

/**
 * Fetches the shown queries of the given names anew: once for events that come together, and one fetch after the other.
 */
export function useRefetchSoon(): (names: readonly string[]) => void {
  const client = useApolloClient();
  const wanted = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const over = useRef(false);

  useEffect(() => {
    over.current = false;
    return () => {
      over.current = true;
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, []);

  return useCallback(
    (names) => {
      const refetch = async (): Promise<void> => {
        const due = wanted.current;
        wanted.current = new Set();
        // A failure shows in the query that it concerns.
        await client
          .refetchQueries({
            include: "active",
            onQueryUpdated: ({ queryName }) => queryName !== undefined && due.has(queryName),
          })
          .catch(() => {});
        timer.current = undefined;
        if (wanted.current.size > 0) schedule();
      };
      // Never put off by the next event: a busy stream must not keep the page old.
      const schedule = (): void => {
        if (!over.current) timer.current ??= setTimeout(() => void refetch(), PAUSE_MS);
      };
      for (const name of names) wanted.current.add(name);
      schedule();
    },
    [client],
  );
}
