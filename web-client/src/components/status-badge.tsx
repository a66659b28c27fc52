const TONES: Readonly<Record<string, string>> = {
  PAID: "good",
  ACTIVE: "good",
  TRIALING: "good",
  ACCEPTED: "good",
  OPEN: "due",
  INCOMPLETE: "due",
  PENDING: "due",
  PAST_DUE: "bad",
};

/** A status in words; its colour says nothing that the word does not. */
export function StatusBadge({ status }: { readonly status: string }) {
  const words = status.replaceAll("_", " ").toLowerCase();
  return (
    <span className={`badge badge-${TONES[status] ?? "plain"}`}>{words.charAt(0).toUpperCase() + words.slice(1)}</span>
  );
}
