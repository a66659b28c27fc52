import { Link } from "react-router";
import type { SubscriptionFieldsFragment } from "../../../schema/generated/operations.ts";
import { intervalWord } from "../format/interval.ts";
import { formatMoney } from "../format/money.ts";
import { formatDate } from "../format/time.ts";
import { StatusBadge } from "./status-badge.tsx";

interface PlanSummaryProps {
  readonly subscriptions: readonly SubscriptionFieldsFragment[];
  readonly plansPath: string;
}

export function PlanSummary({ subscriptions, plansPath }: PlanSummaryProps) {
  return (
    <div className="card fact">
      <dt>Current plan</dt>
      {subscriptions.length === 0 && (
        <dd>
          None yet. <Link to={plansPath}>Pick a plan</Link>
        </dd>
      )}
      {subscriptions.map(({ id, plan, status, currentPeriodEnd }) => (
        <dd key={id}>
          <span className="figure">{plan.name}</span> <StatusBadge status={status} />
          <span className="hint">
            {formatMoney(plan.price)} per {intervalWord(plan.interval)}
            {(status === "ACTIVE" || status === "TRIALING") && `, until ${formatDate(currentPeriodEnd)}`}
          </span>
        </dd>
      ))}
    </div>
  );
}
