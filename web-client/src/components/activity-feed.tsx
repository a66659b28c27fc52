import type { ActivityItem } from "../activity/feed.ts";
import { formatMoment } from "../format/time.ts";

interface ActivityFeedProps {
  readonly items: readonly ActivityItem[];
}

/** What happens, newest first. New items are read out, the list as a whole is not. */
export function ActivityFeed({ items }: ActivityFeedProps) {
  return (
    <section className="card activity" aria-labelledby="activity-title">
      <h2 id="activity-title">Activity</h2>
      {items.length === 0 && <p className="hint">Whatever happens from now on shows here.</p>}
      <ol className="feed" aria-live="polite" aria-relevant="additions" aria-label="Activity, newest first">
        {items.map(({ eventId, title, amount, actor, occurredAt, hash }) => (
          <li key={eventId} data-event-id={eventId}>
            <p className="feed-title">
              {title}
              {amount !== undefined && <span className="feed-amount"> {amount}</span>}
            </p>
            <p className="feed-facts">
              <time dateTime={occurredAt}>{formatMoment(occurredAt)}</time>
              <span>{actor ?? "System"}</span>
              {hash !== undefined && (
                <span className="feed-hash">
                  <span className="visually-hidden">Audit hash </span>
                  <code title={`Audit entry ${hash}`}>{hash.slice(0, 10)}</code>
                </span>
              )}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}
