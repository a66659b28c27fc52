import type { PlanFieldsFragment, SubscriptionStatus } from "../../../schema/generated/operations.ts";
import { intervalWord } from "../format/interval.ts";
import { formatMoney } from "../format/money.ts";
import { describeFeature } from "../format/plan-feature.ts";
import { StatusBadge } from "./status-badge.tsx";

interface PlanCardProps {
  readonly plan: PlanFieldsFragment;
  /** Of the running subscription to this plan. */
  readonly status: SubscriptionStatus | undefined;
  readonly chosen: boolean;
  /** Absent for viewers who may not buy. */
  readonly onChoose: (() => void) | undefined;
}

export function PlanCard({ plan, status, chosen, onChoose }: PlanCardProps) {
  const runs = status !== undefined && status !== "CANCELED";
  return (
    <li className={chosen ? "card plan chosen" : "card plan"}>
      <h2>
        {plan.name} {runs && <StatusBadge status={status} />}
      </h2>
      <p>
        <span className="figure">{formatMoney(plan.price)}</span>{" "}
        <span className="hint">per {intervalWord(plan.interval)}</span>
      </p>
      <ul className="features">
        {plan.features.map((feature) => (
          <li key={feature.key}>{describeFeature(feature)}</li>
        ))}
      </ul>
      {onChoose !== undefined && !runs && (
        <button
          type="button"
          className="button"
          aria-pressed={chosen}
          aria-label={`Choose ${plan.name}`}
          onClick={onChoose}
        >
          {chosen ? "Chosen" : "Choose"}
        </button>
      )}
    </li>
  );
}
