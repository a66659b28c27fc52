-- What becomes of an invoice that could not be collected: it is tried again for a while, and then given up.
ALTER TABLE invoice
  -- When it is tried again; null: not before there is another card, or while a payment is under way.
  ADD COLUMN retry_at timestamptz(3),
  -- Until when it is tried; null: it was not tried in vain.
  ADD COLUMN dunning_ends_at timestamptz(3),
  ADD CONSTRAINT invoice_dunning_open CHECK (status = 'OPEN' OR dunning_ends_at IS NULL),
  ADD CONSTRAINT invoice_retry CHECK (retry_at IS NULL OR (dunning_ends_at IS NOT NULL AND retry_at <= dunning_ends_at));
GRANT UPDATE (retry_at, dunning_ends_at) ON invoice TO tributary_billing_app;
CREATE INDEX invoice_dunning ON invoice (coalesce(retry_at, dunning_ends_at)) WHERE dunning_ends_at IS NOT NULL;
-- Whoever collects what is overdue finds invoices of all organisations, and only which and whose they are.
CREATE POLICY dunning ON invoice FOR SELECT TO tributary_billing_relay USING (dunning_ends_at IS NOT NULL);
GRANT SELECT (id, organization_id, status, retry_at, dunning_ends_at) ON invoice TO tributary_billing_relay;
GRANT SELECT (invoice_id) ON payment TO tributary_billing_relay;
