const REASONS: Readonly<Record<string, string>> = {
  card_declined: "The card was declined. Use another card, or ask the bank that issued it.",
  insufficient_funds: "The card has insufficient funds. Use another card.",
};

export function declineReason(failureCode: string | null): string {
  return REASONS[failureCode ?? ""] ?? "The payment was declined. Use another card.";
}
