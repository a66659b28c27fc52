import type { LiveStatus } from "../graphql/live-client.ts";

const WORDS: Readonly<Record<LiveStatus, string>> = {
  idle: "Offline",
  connecting: "Connecting…",
  live: "Live",
  "catching-up": "Catching up…",
  reconnecting: "Reconnecting…",
};

/** Is what the page shows up to date? */
export function LivePill({ status }: { readonly status: LiveStatus }) {
  return (
    <span className={`pill pill-${status}`} role="status" aria-label={`Connection: ${WORDS[status]}`}>
      <span className="pill-dot" aria-hidden="true" />
      {WORDS[status]}
    </span>
  );
}
