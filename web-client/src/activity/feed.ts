/** The activity of an organisation as a list: what history, billing and audit tell of one event becomes one item. */
export interface ActivityItem {
  /** Id of the event that all sources speak of. */
  readonly eventId: string;
  readonly occurredAt: string;
  readonly title: string;
  /** Formatted amount, when money moved. */
  readonly amount?: string;
  readonly actor?: string;
  /** Hash of the audit entry, hex. */
  readonly hash?: string;
  /** Who told the title: billing knows more of its events than their audit entries do. */
  readonly source: "billing" | "audit";
}

const LONGEST = 40;

/** Adds items, newest first; one that is known already is completed, and keeps the better title. */
export function mergeActivity(feed: readonly ActivityItem[], added: readonly ActivityItem[]): readonly ActivityItem[] {
  const byId = new Map(feed.map((item) => [item.eventId, item]));
  for (const item of added) {
    const existing = byId.get(item.eventId);
    byId.set(item.eventId, existing === undefined ? item : combine(existing, item));
  }
  return [...byId.values()].sort(newestFirst).slice(0, LONGEST);
}

function combine(existing: ActivityItem, item: ActivityItem): ActivityItem {
  return item.source === "audit" && existing.source === "billing" ? { ...item, ...existing } : { ...existing, ...item };
}

// Event ids are time-ordered: they decide between events of one millisecond.
function newestFirst(a: ActivityItem, b: ActivityItem): number {
  if (a.occurredAt !== b.occurredAt) return a.occurredAt < b.occurredAt ? 1 : -1;
  return a.eventId < b.eventId ? 1 : -1;
}
