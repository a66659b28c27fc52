/** What a user is told about a failed payment; codes without a text of their own get the general one. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ["card_declined", "The card was declined: use another card, or ask the bank that issued it."],
  ["insufficient_funds", "The card has insufficient funds: use another card."],
]);

export function declineReason(failureCode: string | null): string {
  return REASONS.get(failureCode ?? "") ?? "The payment was declined: use another payment method.";
}
