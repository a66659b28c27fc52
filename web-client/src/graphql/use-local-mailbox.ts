import { useEffect, useState } from "react";

/** Does this installation show its mails at /mailbox? Only local ones do. */
export function useLocalMailbox(): boolean {
  const [found, setFound] = useState(false);
  useEffect(() => {
    const abort = new AbortController();
    // Asked for as JSON: where there is no mailbox, the app's own page answers this path.
    fetch("/mailbox", { headers: { accept: "application/json" }, signal: abort.signal })
      .then(({ status, headers }) => {
        setFound(status === 200 && headers.get("content-type")?.includes("json") === true);
      })
      .catch(() => {
        // Nothing to hint at.
      });
    return () => abort.abort();
  }, []);
  return found;
}
