-- An account that is set up together with a plan opens with the first payment, and is closed when that fails.
ALTER TABLE billing_account ADD COLUMN status text NOT NULL DEFAULT 'ACTIVE'
  CONSTRAINT billing_account_status CHECK (status IN ('PENDING', 'ACTIVE', 'CLOSED'));
GRANT UPDATE (status) ON billing_account TO tributary_billing_app;
