-- What the payment provider tells of its own accord, and charges that wait for their payer.
ALTER TABLE payment
  -- Where the payer confirms the charge.
  ADD COLUMN action_url text CONSTRAINT payment_action CHECK (action_url IS NULL OR status = 'PROCESSING'),
  -- A charge is asked for again with what it was asked with first.
  ADD COLUMN payer_present boolean NOT NULL DEFAULT true;
GRANT UPDATE (action_url) ON payment TO tributary_billing_app;

CREATE UNIQUE INDEX payment_tenant ON payment (organization_id, id);

CREATE TABLE provider_event (
  id text PRIMARY KEY,
  provider text NOT NULL,
  -- The same for each time that it is told.
  provider_ref text NOT NULL,
  type text NOT NULL,
  -- Null: it is about nothing of ours.
  organization_id text,
  payment_id text,
  outcome text NOT NULL CONSTRAINT provider_event_outcome CHECK (outcome IN ('RECEIVED', 'APPLIED', 'UNCHANGED', 'FOREIGN')),
  received_at timestamptz(3) NOT NULL,
  processed_at timestamptz(3),
  CONSTRAINT provider_event_processed CHECK ((outcome = 'RECEIVED') = (processed_at IS NULL)),
  CONSTRAINT provider_event_foreign CHECK ((outcome = 'FOREIGN') = (organization_id IS NULL)),
  CONSTRAINT provider_event_payment CHECK ((organization_id IS NULL) = (payment_id IS NULL)),
  FOREIGN KEY (organization_id, payment_id) REFERENCES payment (organization_id, id)
);
CREATE UNIQUE INDEX provider_event_told ON provider_event (provider, provider_ref);
CREATE INDEX provider_event_payment_id ON provider_event (payment_id, id);
ALTER TABLE provider_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider_event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON provider_event USING (organization_id = ANY (current_tenants()));
-- Kept as evidence, shown to nobody.
CREATE POLICY of_nobody ON provider_event FOR INSERT WITH CHECK (organization_id IS NULL);
GRANT SELECT, INSERT, UPDATE (outcome, processed_at) ON provider_event TO tributary_billing_app;
