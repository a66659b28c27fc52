-- Tokens of mails that let somebody choose a new password: only their hash is kept, each works once.
CREATE TABLE password_reset (
  token_hash text PRIMARY KEY,
  user_id text NOT NULL REFERENCES "user",
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3)
);
CREATE INDEX password_reset_user ON password_reset (user_id);
ALTER TABLE password_reset ENABLE ROW LEVEL SECURITY;
ALTER TABLE password_reset FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON password_reset USING (user_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE, DELETE ON password_reset TO tributary_user_app;

ALTER TABLE "user" ADD COLUMN reset_requested_at timestamptz(3); -- null: never
