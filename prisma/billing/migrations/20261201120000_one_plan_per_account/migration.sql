-- One plan runs per account: another is chosen by changing it, and what is left of the paid period is credited.

-- What invoices take before a card is charged. Each change of it has a credit note or an invoice.
ALTER TABLE billing_account ADD COLUMN credit_minor bigint NOT NULL DEFAULT 0
  CONSTRAINT billing_account_credit CHECK (credit_minor >= 0);
GRANT UPDATE (credit_minor) ON billing_account TO tributary_billing_app;

ALTER TABLE billing_subscription
  ADD COLUMN anchored_at timestamptz(3),
  ADD COLUMN cancel_at timestamptz(3),
  ADD COLUMN next_plan_id text REFERENCES plan (id),
  ADD COLUMN next_quantity integer
    CONSTRAINT billing_subscription_next_quantity CHECK (next_quantity BETWEEN 1 AND 10000),
  ADD COLUMN surplus boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT billing_subscription_next CHECK ((next_plan_id IS NULL) = (next_quantity IS NULL)),
  -- What ends is not changed at its end.
  ADD CONSTRAINT billing_subscription_end CHECK (cancel_at IS NULL OR next_plan_id IS NULL);

-- Periods are counted from here. Accounts may have several plans from before: the newest paid one stays, the others are
-- ended with a credit (subgraphs/billing/lifecycle).
ALTER TABLE billing_subscription NO FORCE ROW LEVEL SECURITY;
UPDATE billing_subscription SET anchored_at = current_period_start;
UPDATE billing_subscription AS other SET surplus = true
  WHERE status <> 'CANCELED' AND id <> (
    SELECT id FROM billing_subscription AS one
    WHERE one.account_id = other.account_id AND one.status <> 'CANCELED'
    ORDER BY one.status = 'ACTIVE' DESC, one.id DESC LIMIT 1);
ALTER TABLE billing_subscription FORCE ROW LEVEL SECURITY;
ALTER TABLE billing_subscription ALTER COLUMN anchored_at SET NOT NULL;

DROP INDEX billing_subscription_running;
CREATE UNIQUE INDEX billing_subscription_one ON billing_subscription (account_id) WHERE status <> 'CANCELED' AND NOT surplus;
CREATE INDEX billing_subscription_due ON billing_subscription (current_period_end) WHERE status <> 'CANCELED';
CREATE INDEX billing_subscription_surplus ON billing_subscription (id) WHERE status <> 'CANCELED' AND surplus;
GRANT UPDATE (plan_id, quantity, current_period_start, current_period_end, anchored_at, cancel_at, next_plan_id, next_quantity)
  ON billing_subscription TO tributary_billing_app;
-- Whoever brings subscriptions forward finds those of all organisations, and only which and whose they are.
CREATE POLICY due ON billing_subscription FOR SELECT TO tributary_billing_relay USING (status <> 'CANCELED');
GRANT SELECT (id, organization_id, status, current_period_end, surplus) ON billing_subscription TO tributary_billing_relay;

-- Invoices and credit notes are numbered apart, each without gaps.
ALTER TABLE invoice_counter ADD COLUMN series text NOT NULL DEFAULT 'INVOICE'
  CONSTRAINT invoice_counter_series CHECK (series IN ('INVOICE', 'CREDIT_NOTE'));
ALTER TABLE invoice_counter DROP CONSTRAINT invoice_counter_pkey;
ALTER TABLE invoice_counter ADD PRIMARY KEY (organization_id, series, year);

ALTER TABLE invoice ADD COLUMN credit_minor bigint NOT NULL DEFAULT 0
  CONSTRAINT invoice_credit CHECK (credit_minor BETWEEN 0 AND total_minor);
-- A prorated line charges a part of what the units cost.
ALTER TABLE invoice_line ADD COLUMN proration boolean NOT NULL DEFAULT false;
ALTER TABLE invoice_line DROP CONSTRAINT invoice_line_check;
ALTER TABLE invoice_line ADD CONSTRAINT invoice_line_amount CHECK (
  CASE WHEN proration THEN amount_minor BETWEEN 0 AND quantity * unit_amount_minor
  ELSE amount_minor = quantity * unit_amount_minor END);

-- What an invoice charged and was not used up.
CREATE TABLE credit_note (
  id text PRIMARY KEY,
  organization_id text NOT NULL,
  account_id text NOT NULL,
  invoice_id text NOT NULL,
  invoice_line_id text NOT NULL,
  number text NOT NULL,
  status text NOT NULL CONSTRAINT credit_note_status CHECK (status IN ('ISSUED', 'VOID')),
  reason text NOT NULL CONSTRAINT credit_note_reason CHECK (reason IN ('PLAN_CHANGED', 'PLAN_CANCELED')),
  currency text NOT NULL CONSTRAINT credit_note_currency CHECK (currency ~ '^[A-Z]{3}$'),
  total_minor bigint NOT NULL CONSTRAINT credit_note_total CHECK (total_minor > 0),
  -- The part of the line's period that is credited.
  period_start timestamptz(3) NOT NULL,
  period_end timestamptz(3) NOT NULL,
  issued_at timestamptz(3) NOT NULL,
  version integer NOT NULL DEFAULT 1,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT credit_note_period CHECK (period_end > period_start),
  FOREIGN KEY (organization_id, account_id) REFERENCES billing_account (organization_id, id),
  FOREIGN KEY (organization_id, invoice_id) REFERENCES invoice (organization_id, id)
);
CREATE UNIQUE INDEX credit_note_tenant ON credit_note (organization_id, id);
CREATE UNIQUE INDEX credit_note_number ON credit_note (organization_id, number);
-- Nothing is credited twice.
CREATE UNIQUE INDEX credit_note_line ON credit_note (invoice_line_id) WHERE status = 'ISSUED';
CREATE INDEX credit_note_invoice ON credit_note (invoice_id, id);
ALTER TABLE credit_note ENABLE ROW LEVEL SECURITY;
ALTER TABLE credit_note FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON credit_note USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (status, version, updated_at) ON credit_note TO tributary_billing_app;

-- A change of plan or quantity that waits for its payment, or had one: until it is paid, the plan stays as it was.
CREATE TABLE subscription_change (
  id text PRIMARY KEY,
  organization_id text NOT NULL,
  subscription_id text NOT NULL,
  invoice_id text NOT NULL,
  credit_note_id text,
  plan_id text NOT NULL REFERENCES plan (id),
  quantity integer NOT NULL CONSTRAINT subscription_change_quantity CHECK (quantity BETWEEN 1 AND 10000),
  period_start timestamptz(3) NOT NULL,
  period_end timestamptz(3) NOT NULL,
  anchored_at timestamptz(3) NOT NULL,
  status text NOT NULL CONSTRAINT subscription_change_status CHECK (status IN ('PENDING', 'APPLIED', 'REVERTED')),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT subscription_change_period CHECK (period_end > period_start),
  FOREIGN KEY (organization_id, subscription_id) REFERENCES billing_subscription (organization_id, id),
  FOREIGN KEY (organization_id, invoice_id) REFERENCES invoice (organization_id, id),
  FOREIGN KEY (organization_id, credit_note_id) REFERENCES credit_note (organization_id, id)
);
CREATE UNIQUE INDEX subscription_change_invoice ON subscription_change (invoice_id);
CREATE UNIQUE INDEX subscription_change_pending ON subscription_change (subscription_id) WHERE status = 'PENDING';
ALTER TABLE subscription_change ENABLE ROW LEVEL SECURITY;
ALTER TABLE subscription_change FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON subscription_change USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (status, updated_at) ON subscription_change TO tributary_billing_app;
