-- Plans may begin with a trial, and be paused. A published plan is superseded by its next version.
ALTER TABLE plan
  ADD COLUMN trial_days integer NOT NULL DEFAULT 0 CONSTRAINT plan_trial_days CHECK (trial_days BETWEEN 0 AND 730),
  ADD COLUMN published_at timestamptz(3),
  ADD COLUMN retired_at timestamptz(3);
UPDATE plan SET published_at = created_at, retired_at = CASE status WHEN 'RETIRED' THEN created_at END;
ALTER TABLE plan
  ALTER COLUMN published_at SET NOT NULL,
  ALTER COLUMN published_at SET DEFAULT now(),
  ADD CONSTRAINT plan_retired CHECK ((status = 'RETIRED') = (retired_at IS NOT NULL));
GRANT UPDATE (status, retired_at) ON plan TO tributary_billing_app;

ALTER TABLE billing_subscription
  -- An account has one trial.
  ADD COLUMN trial_ends_at timestamptz(3),
  DROP CONSTRAINT billing_subscription_status_check,
  ADD CONSTRAINT billing_subscription_status
    CHECK (status IN ('INCOMPLETE', 'TRIALING', 'ACTIVE', 'PAST_DUE', 'PAUSED', 'CANCELED')),
  ADD CONSTRAINT billing_subscription_trial CHECK (status <> 'TRIALING' OR trial_ends_at IS NOT NULL),
  -- Time does not go on for what is paused: nothing is arranged for the end of a period.
  ADD CONSTRAINT billing_subscription_paused CHECK (status <> 'PAUSED' OR (cancel_at IS NULL AND next_plan_id IS NULL));
DROP INDEX billing_subscription_due;
CREATE INDEX billing_subscription_due ON billing_subscription (current_period_end)
  WHERE status NOT IN ('CANCELED', 'PAUSED');

ALTER TABLE credit_note
  DROP CONSTRAINT credit_note_reason,
  ADD CONSTRAINT credit_note_reason CHECK (reason IN ('PLAN_CHANGED', 'PLAN_CANCELED', 'PLAN_PAUSED', 'REFUNDED'));
