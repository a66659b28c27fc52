import { useEffect, useRef } from "react";
import { Link } from "react-router";
import type { PaymentMethodFieldsFragment, PlanFieldsFragment } from "../../../schema/generated/operations.ts";
import { formatMoney } from "../format/money.ts";
import { PaymentPanel } from "./payment-panel.tsx";

export interface Account {
  readonly id: string;
  readonly paymentMethods: readonly PaymentMethodFieldsFragment[];
}

interface CheckoutProps {
  readonly plan: PlanFieldsFragment;
  readonly account: Account;
  readonly dashboard: string;
}

/** Pays for the chosen plan. Takes the focus, since on a small screen it opens out of sight. */
export function Checkout({ plan, account, dashboard }: CheckoutProps) {
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current?.focus(), []);
  return (
    <section ref={section} tabIndex={-1} className="card checkout" aria-labelledby="checkout-title">
      <h2 id="checkout-title">Pay for {plan.name}</h2>
      <PaymentPanel
        accountId={account.id}
        purpose={{ kind: "plan", planId: plan.id }}
        methods={account.paymentMethods}
        amount={formatMoney(plan.price)}
        after={
          <Link to={dashboard} className="button">
            Go to the dashboard
          </Link>
        }
      />
    </section>
  );
}
