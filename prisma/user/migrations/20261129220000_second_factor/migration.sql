-- The authenticator app of an account (TOTP, RFC 6238): its secret is sealed, since codes are made of it. It counts from
-- its confirmation on. A code works once: `last_step` is the time step of the newest that was taken.
CREATE TABLE second_factor (
  user_id text PRIMARY KEY REFERENCES "user",
  sealed_secret text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  confirmed_at timestamptz(3),
  last_step bigint,
  wrong_codes integer NOT NULL DEFAULT 0, -- in a row, at sign-ins
  last_wrong_at timestamptz(3)
);
ALTER TABLE second_factor ENABLE ROW LEVEL SECURITY;
ALTER TABLE second_factor FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON second_factor USING (user_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE, DELETE ON second_factor TO tributary_user_app;

-- What takes the app's place when it is lost. Only hashes are kept; each works once.
CREATE TABLE recovery_code (
  code_hash text PRIMARY KEY,
  user_id text NOT NULL REFERENCES "user",
  created_at timestamptz(3) NOT NULL,
  used_at timestamptz(3)
);
CREATE INDEX recovery_code_user ON recovery_code (user_id);
ALTER TABLE recovery_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_code FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON recovery_code USING (user_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_code TO tributary_user_app;
