-- What waits for a payment cannot be brought forward. Whoever lists what is due leaves that out, and sees no more.
CREATE POLICY due ON subscription_change FOR SELECT TO tributary_billing_relay USING (status = 'PENDING');
GRANT SELECT (subscription_id, status) ON subscription_change TO tributary_billing_relay;
