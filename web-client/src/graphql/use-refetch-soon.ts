import { useApolloClient } from "@apollo/client/react";
import { useCallback, useEffect, useRef } from "react";

const PAUSE_MS = 120;

/** Fetches the shown queries of the given names anew, once for events that come together. */
export function useRefetchSoon(): (names: readonly string[]) => void {
  const client = useApolloClient();
  const names = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => () => clearTimeout(timer.current), []);

  return useCallback(
    (added) => {
      for (const name of added) names.current.add(name);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        const wanted = names.current;
        names.current = new Set();
        const refetched = client.refetchQueries({
          include: "active",
          onQueryUpdated: ({ queryName }) => queryName !== undefined && wanted.has(queryName),
        });
        // A failure shows in the query that it concerns.
        refetched.catch(() => {});
      }, PAUSE_MS);
    },
    [client],
  );
}
