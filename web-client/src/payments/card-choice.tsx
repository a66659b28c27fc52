import { useId } from "react";
import type { PaymentMethodFieldsFragment } from "../../../schema/generated/operations.ts";
import { describeMethod } from "../format/payment-method.ts";
import { SANDBOX_CARDS } from "./sandbox-cards.ts";
import type { PaymentChoice } from "./use-payment.ts";

export type CardValue = PaymentChoice;

interface CardChoiceProps {
  readonly methods: readonly PaymentMethodFieldsFragment[];
  readonly value: CardValue;
  readonly onChange: (value: CardValue) => void;
}

/** The default card, or the test card that works. */
export function firstCard(methods: readonly PaymentMethodFieldsFragment[]): CardValue {
  const method = methods.find(({ isDefault }) => isDefault);
  if (method !== undefined) return { kind: "saved", paymentMethodId: method.id };
  return { kind: "sandbox", token: SANDBOX_CARDS[0].token };
}

export function CardChoice({ methods, value, onChange }: CardChoiceProps) {
  const name = useId();
  const cards = [
    ...methods.map((method) => ({
      choice: { kind: "saved", paymentMethodId: method.id } satisfies CardValue,
      label: `Saved card: ${describeMethod(method)}`,
      detail: method.isDefault ? "Default" : "",
    })),
    ...SANDBOX_CARDS.map(({ token, label, last4 }) => ({
      choice: { kind: "sandbox", token } satisfies CardValue,
      label,
      detail: `···· ${last4}`,
    })),
  ];
  return (
    <fieldset className="cards">
      <legend>Card</legend>
      {cards.map(({ choice, label, detail }) => (
        <label key={idOf(choice)} className="card-option">
          <input type="radio" name={name} checked={idOf(choice) === idOf(value)} onChange={() => onChange(choice)} />
          <span>{label}</span>
          <span className="hint" aria-hidden="true">
            {detail}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function idOf(choice: CardValue): string {
  return choice.kind === "saved" ? choice.paymentMethodId : choice.token;
}
