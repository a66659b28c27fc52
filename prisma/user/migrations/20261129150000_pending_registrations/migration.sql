-- What was chosen by somebody who opened an account with an address that is not confirmed yet. There may be several for
-- one address, and one of them at most is its owner's: the confirmation takes that one and forgets the others.
CREATE TABLE pending_registration (
  id uuid PRIMARY KEY,
  user_id text NOT NULL REFERENCES "user",
  display_name text NOT NULL
    CONSTRAINT pending_registration_display_name_length CHECK (char_length(display_name) BETWEEN 1 AND 80),
  password_hash text NOT NULL,
  ip text, -- of whoever chose it; null in rows from before
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX pending_registration_user ON pending_registration (user_id);
INSERT INTO pending_registration (id, user_id, display_name, password_hash, created_at)
  SELECT gen_random_uuid(), id, display_name, password_hash, updated_at
  FROM "user" WHERE email_verified_at IS NULL AND status <> 'ERASED';
ALTER TABLE pending_registration ENABLE ROW LEVEL SECURITY;
ALTER TABLE pending_registration FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON pending_registration USING (user_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE, DELETE ON pending_registration TO tributary_user_app;
