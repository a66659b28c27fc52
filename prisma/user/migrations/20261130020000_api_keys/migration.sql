-- Keys with which programs call in an organisation's name. A key may do what it was given, as far as whoever gave it may
-- do so, too.
CREATE TABLE api_key (
  id text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organization,
  name text NOT NULL CONSTRAINT api_key_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
  scopes text[] NOT NULL CONSTRAINT api_key_scopes_given CHECK (cardinality(scopes) > 0),
  granted_by_id text NOT NULL REFERENCES "user",
  hint text NOT NULL CONSTRAINT api_key_hint_length CHECK (char_length(hint) = 4), -- the end of the newest secret
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  last_used_at timestamptz(3), -- to the minute
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT api_key_expiry CHECK (expires_at > created_at)
);
CREATE INDEX api_key_organization ON api_key (organization_id, id);
CREATE INDEX api_key_granted_by ON api_key (granted_by_id);
ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_key USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON api_key TO tributary_user_app;

-- What programs send. Only hashes are kept. A key that is rotated has two for a while.
CREATE TABLE api_key_secret (
  token_hash text PRIMARY KEY,
  api_key_id text NOT NULL REFERENCES api_key,
  organization_id text NOT NULL REFERENCES organization,
  created_at timestamptz(3) NOT NULL,
  ends_at timestamptz(3)
);
CREATE INDEX api_key_secret_key ON api_key_secret (api_key_id);
ALTER TABLE api_key_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key_secret FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_key_secret USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON api_key_secret TO tributary_user_app;
