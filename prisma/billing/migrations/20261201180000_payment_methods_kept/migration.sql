-- A payment method is tried out by a payment, kept, and given up. What names it at the provider is sealed.
ALTER TABLE payment_method
  ADD COLUMN status text NOT NULL DEFAULT 'ACTIVE'
    CONSTRAINT payment_method_status CHECK (status IN ('TRIED', 'ACTIVE', 'DETACHING', 'DETACHED')),
  -- The same for the same card; null where the provider tells none, and for methods from before.
  ADD COLUMN fingerprint text,
  ADD COLUMN exp_month integer CONSTRAINT payment_method_exp_month CHECK (exp_month BETWEEN 1 AND 12),
  ADD COLUMN exp_year integer CONSTRAINT payment_method_exp_year CHECK (exp_year BETWEEN 2000 AND 9999),
  -- Which secret sealed the reference; null: it is in the clear, from before.
  ADD COLUMN sealed_with text,
  ALTER COLUMN reference DROP NOT NULL,
  ADD CONSTRAINT payment_method_expiry CHECK ((exp_month IS NULL) = (exp_year IS NULL)),
  ADD CONSTRAINT payment_method_reference CHECK ((status = 'DETACHED') = (reference IS NULL)),
  ADD CONSTRAINT payment_method_default_kept CHECK (NOT is_default OR status = 'ACTIVE');

-- The same card attached twice is one method.
CREATE UNIQUE INDEX payment_method_card ON payment_method (account_id, provider, fingerprint) WHERE status = 'ACTIVE';
CREATE INDEX payment_method_detaching ON payment_method (id) WHERE status = 'DETACHING';
CREATE INDEX payment_method_sealed_with ON payment_method (sealed_with) WHERE status <> 'DETACHED';
GRANT UPDATE (status, reference, sealed_with, exp_month, exp_year) ON payment_method TO tributary_billing_app;
-- Whoever gives methods up at the provider, and seals anew, finds those of all organisations, and only whose they are.
CREATE POLICY upkeep ON payment_method FOR SELECT TO tributary_billing_relay USING (status <> 'DETACHED');
GRANT SELECT (id, organization_id, status, sealed_with) ON payment_method TO tributary_billing_relay;
