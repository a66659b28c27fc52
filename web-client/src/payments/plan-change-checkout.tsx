import { useEffect, useRef } from "react";
import { Link } from "react-router";
import {
  PlanChangeDocument,
  type PlanFieldsFragment,
  type SubscriptionFieldsFragment,
} from "../../../schema/generated/operations.ts";
import { Loading } from "../components/loading.tsx";
import { Notice } from "../components/notice.tsx";
import { formatMoney } from "../format/money.ts";
import { formatDate } from "../format/time.ts";
import { describeProblem } from "../forms/describe-problem.ts";
import { useCachedQuery } from "../graphql/use-cached-query.ts";
import type { Account } from "./checkout.tsx";
import { PaymentPanel } from "./payment-panel.tsx";

interface PlanChangeCheckoutProps {
  readonly plan: PlanFieldsFragment;
  /** What runs now. */
  readonly subscription: SubscriptionFieldsFragment;
  readonly account: Account;
  readonly dashboard: string;
}

/** Shows what another plan costs from now on, and pays for it. Takes the focus: a small screen does not show it. */
export function PlanChangeCheckout({ plan, subscription, account, dashboard }: PlanChangeCheckoutProps) {
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current?.focus(), []);
  const { data, error } = useCachedQuery(PlanChangeDocument, {
    variables: { subscriptionId: subscription.id, planId: plan.id },
    fetchPolicy: "network-only",
  });
  const preview = data?.billingSubscription?.previewChange;
  return (
    <section ref={section} tabIndex={-1} className="card checkout" aria-labelledby="checkout-title">
      <h2 id="checkout-title">Change to {plan.name}</h2>
      {error !== undefined && <Notice tone="problem">{describeProblem(error)}</Notice>}
      {data === undefined && error === undefined && <Loading what="what it costs" />}
      {preview === null && <Notice tone="info">This plan cannot be chosen now.</Notice>}
      {preview != null && (
        <>
          <dl className="facts">
            <div>
              <dt>
                {plan.name} until {formatDate(preview.periodEnd)}
              </dt>
              <dd>{formatMoney(preview.charged)}</dd>
            </div>
            <div>
              <dt>Rest of {subscription.plan.name}</dt>
              <dd>−{formatMoney(preview.credited)}</dd>
            </div>
            <div>
              <dt>To pay now</dt>
              <dd>{formatMoney(preview.dueNow)}</dd>
            </div>
            <div>
              <dt>Credit for the next invoices</dt>
              <dd>{formatMoney(preview.creditLeft)}</dd>
            </div>
          </dl>
          <PaymentPanel
            accountId={account.id}
            purpose={{
              kind: "change",
              subscriptionId: subscription.id,
              expectedVersion: subscription.version,
              planId: plan.id,
              prorateAt: preview.at,
            }}
            methods={account.paymentMethods}
            amount={formatMoney(preview.dueNow)}
            after={
              <Link to={dashboard} className="button">
                Go to the dashboard
              </Link>
            }
          />
        </>
      )}
    </section>
  );
}
