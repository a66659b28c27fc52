-- Money that is given back, and money that banks take back.

-- What credit notes take back: never more than the invoice charged.
ALTER TABLE invoice ADD COLUMN credited_minor bigint NOT NULL DEFAULT 0
  CONSTRAINT invoice_credited CHECK (credited_minor BETWEEN 0 AND total_minor);
ALTER TABLE invoice NO FORCE ROW LEVEL SECURITY;
ALTER TABLE credit_note NO FORCE ROW LEVEL SECURITY;
UPDATE invoice SET credited_minor = note.total_minor FROM (
  SELECT invoice_id, sum(total_minor) AS total_minor FROM credit_note WHERE status = 'ISSUED' GROUP BY invoice_id
) AS note WHERE note.invoice_id = invoice.id;
ALTER TABLE invoice FORCE ROW LEVEL SECURITY;
ALTER TABLE credit_note FORCE ROW LEVEL SECURITY;
GRANT UPDATE (credited_minor) ON invoice TO tributary_billing_app;

-- A refund takes back a part of an invoice, and no period of a line.
ALTER TABLE credit_note
  ALTER COLUMN invoice_line_id DROP NOT NULL,
  ALTER COLUMN period_start DROP NOT NULL,
  ALTER COLUMN period_end DROP NOT NULL,
  DROP CONSTRAINT credit_note_reason,
  ADD CONSTRAINT credit_note_reason CHECK (reason IN ('PLAN_CHANGED', 'PLAN_CANCELED', 'REFUNDED')),
  ADD CONSTRAINT credit_note_line_period CHECK (num_nulls(invoice_line_id, period_start, period_end) IN (0, 3)),
  ADD CONSTRAINT credit_note_refunded CHECK ((reason = 'REFUNDED') = (invoice_line_id IS NULL));

-- What was given back, is being given back, or was taken back by the bank: never more than was paid.
ALTER TABLE payment ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0
  CONSTRAINT payment_refunded CHECK (refunded_minor BETWEEN 0 AND amount_minor),
  ADD CONSTRAINT payment_refunded_paid CHECK (refunded_minor = 0 OR status = 'SUCCEEDED');
GRANT UPDATE (refunded_minor) ON payment TO tributary_billing_app;

CREATE TABLE refund (
  id text PRIMARY KEY, -- also the idempotency key at the provider
  organization_id text NOT NULL,
  payment_id text NOT NULL,
  -- Takes back what the invoice charged; null: the account's credit is paid out.
  credit_note_id text,
  currency text NOT NULL CONSTRAINT refund_currency CHECK (currency ~ '^[A-Z]{3}$'),
  amount_minor bigint NOT NULL CONSTRAINT refund_amount CHECK (amount_minor > 0),
  reason text NOT NULL CONSTRAINT refund_reason CHECK (reason <> ''),
  status text NOT NULL CONSTRAINT refund_status CHECK (status IN ('PROCESSING', 'SUCCEEDED', 'FAILED')),
  provider text NOT NULL,
  provider_ref text,
  failure_code text,
  version integer NOT NULL DEFAULT 1,
  -- Who asked, for the events of what becomes of it.
  causation jsonb NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  -- While PROCESSING: not to be asked about before this instant. Moved ahead, it is the lease of the one who asks.
  next_attempt_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT refund_failure CHECK ((status = 'FAILED') = (failure_code IS NOT NULL)),
  FOREIGN KEY (organization_id, payment_id) REFERENCES payment (organization_id, id),
  FOREIGN KEY (organization_id, credit_note_id) REFERENCES credit_note (organization_id, id)
);
CREATE INDEX refund_payment_id ON refund (payment_id, id);
CREATE INDEX refund_unsettled ON refund (next_attempt_at) WHERE status = 'PROCESSING';
ALTER TABLE refund ENABLE ROW LEVEL SECURITY;
ALTER TABLE refund FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON refund USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (status, provider_ref, failure_code, version, attempts, next_attempt_at, updated_at)
  ON refund TO tributary_billing_app;
-- Whoever carries refunds out finds those of all organisations, and only which and whose they are.
CREATE POLICY settlement ON refund FOR SELECT TO tributary_billing_relay USING (status = 'PROCESSING');
GRANT SELECT (id, organization_id, status, next_attempt_at) ON refund TO tributary_billing_relay;

-- A payer asks for the money back at the bank.
CREATE TABLE dispute (
  id text PRIMARY KEY,
  organization_id text NOT NULL,
  payment_id text NOT NULL,
  provider text NOT NULL,
  provider_ref text NOT NULL,
  status text NOT NULL CONSTRAINT dispute_status CHECK (status IN ('OPEN', 'WON', 'LOST')),
  reason text NOT NULL,
  currency text NOT NULL CONSTRAINT dispute_currency CHECK (currency ~ '^[A-Z]{3}$'),
  amount_minor bigint NOT NULL CONSTRAINT dispute_amount CHECK (amount_minor >= 0),
  opened_at timestamptz(3) NOT NULL,
  closed_at timestamptz(3),
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT dispute_closed CHECK ((status = 'OPEN') = (closed_at IS NULL)),
  FOREIGN KEY (organization_id, payment_id) REFERENCES payment (organization_id, id)
);
CREATE UNIQUE INDEX dispute_told ON dispute (payment_id, provider_ref);
ALTER TABLE dispute ENABLE ROW LEVEL SECURITY;
ALTER TABLE dispute FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON dispute USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (status, closed_at, version) ON dispute TO tributary_billing_app;
