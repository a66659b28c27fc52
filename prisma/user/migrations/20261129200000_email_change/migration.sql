-- A wish to move an account to another address, one per account: approved from the present address, then confirmed from
-- the new one, by links of their own. A completed one stays, so that a link that is opened again can say so.
CREATE TABLE email_change (
  id uuid PRIMARY KEY,
  user_id text NOT NULL UNIQUE REFERENCES "user",
  email text NOT NULL CHECK (email = lower(email)),
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  approved_at timestamptz(3),
  completed_at timestamptz(3),
  CONSTRAINT email_change_email_form CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND char_length(email) <= 254)
);
ALTER TABLE email_change ENABLE ROW LEVEL SECURITY;
ALTER TABLE email_change FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON email_change USING (user_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE, DELETE ON email_change TO tributary_user_app;

-- Only hashes of the links' tokens are kept.
CREATE TABLE email_change_token (
  token_hash text PRIMARY KEY,
  change_id uuid NOT NULL REFERENCES email_change ON DELETE CASCADE,
  user_id text NOT NULL REFERENCES "user",
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX email_change_token_change ON email_change_token (change_id);
ALTER TABLE email_change_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE email_change_token FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON email_change_token USING (user_id = ANY (current_tenants()));
GRANT SELECT, INSERT ON email_change_token TO tributary_user_app;

ALTER TABLE profile_event DROP CONSTRAINT profile_event_type_check, ADD CONSTRAINT profile_event_type_check
  CHECK (type IN (
    'REGISTERED', 'REGISTERED_AGAIN', 'EMAIL_VERIFIED', 'EMAIL_CHANGED', 'UPDATED', 'PASSWORD_CHANGED', 'SUSPENDED',
    'REINSTATED', 'IMPORTED', 'REBUILT'
  ));
