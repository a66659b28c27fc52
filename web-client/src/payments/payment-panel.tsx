import { type ReactNode, useState } from "react";
import type { PaymentMethodFieldsFragment } from "../../../schema/generated/operations.ts";
import { Notice } from "../components/notice.tsx";
import { CardChoice, type CardValue, firstCard } from "./card-choice.tsx";
import { type PaymentPurpose, usePayment } from "./use-payment.ts";
import { usePaymentOutcome } from "./use-payment-outcome.ts";

interface PaymentPanelProps {
  readonly accountId: string;
  readonly purpose: PaymentPurpose;
  readonly methods: readonly PaymentMethodFieldsFragment[];
  /** Formatted, as it stands on the button. */
  readonly amount: string;
  /** Shown when it is paid, or under way: where to go from here. */
  readonly after: ReactNode;
}

/** Choose a card, pay, and see what became of it. */
export function PaymentPanel({ accountId, purpose, methods, amount, after }: PaymentPanelProps) {
  const { state, pay } = usePayment(accountId, purpose);
  const outcome = usePaymentOutcome(state);
  // As it was when the panel opened: a card that is attached on the way must not move the choice.
  const [saved] = useState(methods);
  const [card, setCard] = useState<CardValue>(() => firstCard(saved));

  if (outcome.kind === "paid") {
    return (
      <>
        <Notice tone="success">Invoice {outcome.invoiceNumber} is paid. Thank you!</Notice>
        {after}
      </>
    );
  }
  if (outcome.kind === "processing") {
    return (
      <>
        <Notice tone="info">The payment is being processed. This page shows the outcome as soon as it is known.</Notice>
        {after}
      </>
    );
  }
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void pay(card);
      }}
    >
      {outcome.kind === "failed" && <Notice tone="problem">{outcome.reason}</Notice>}
      <CardChoice methods={saved} value={card} onChange={setCard} />
      <button type="submit" className="button primary" disabled={state.busy}>
        {state.busy ? "Paying…" : `Pay ${amount}`}
      </button>
    </form>
  );
}
