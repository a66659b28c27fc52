-- Accounts of an installation without real money may have a time of their own, which is moved by hand.
ALTER TABLE billing_account
  -- The account's time; null: that of the machine.
  ADD COLUMN test_time timestamptz(3),
  -- Where the time is being moved to; null: it stands.
  ADD COLUMN test_target timestamptz(3),
  ADD CONSTRAINT billing_account_test_target CHECK (test_target IS NULL OR coalesce(test_time <= test_target, false));
GRANT UPDATE (test_time, test_target) ON billing_account TO tributary_billing_app;
CREATE INDEX billing_account_test_clock ON billing_account (id) WHERE test_time IS NOT NULL;
-- Whoever moves time finds the accounts of all organisations that have their own. The others' jobs leave these alone.
CREATE POLICY test_clock ON billing_account FOR SELECT TO tributary_billing_relay USING (test_time IS NOT NULL);
GRANT SELECT (id, organization_id, test_time, test_target) ON billing_account TO tributary_billing_relay;
GRANT SELECT (account_id) ON billing_subscription TO tributary_billing_relay;
GRANT SELECT (account_id) ON invoice TO tributary_billing_relay;
