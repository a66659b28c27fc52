-- A mail has its row from when it is called for; whom it goes to is looked up when it is sent.
ALTER TABLE email_delivery
  ADD COLUMN regarding_id text, -- the user, invitation or organisation that it is about; null in rows from before
  ALTER COLUMN recipient DROP NOT NULL,
  DROP CONSTRAINT email_delivery_state_check,
  ADD CONSTRAINT email_delivery_state_check
    CHECK (state IN ('REQUESTED', 'SENDING', 'SENT', 'FAILED', 'CANCELLED'));

-- How many people registered, and how many confirmed their address, per day in UTC. Nobody's rows: they name no one.
CREATE TABLE registration_day (
  day date PRIMARY KEY,
  registered bigint NOT NULL,
  verified bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON registration_day TO tributary_user_app;
