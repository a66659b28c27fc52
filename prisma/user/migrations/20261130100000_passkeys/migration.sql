-- Passkeys (WebAuthn) as second factors. Each has a counter that rises with its use, where its authenticator has one: a
-- copy of it is noticed by that.
CREATE TABLE passkey (
  id text PRIMARY KEY,
  user_id text NOT NULL REFERENCES "user",
  credential_id text NOT NULL UNIQUE, -- base64url, chosen by the authenticator
  public_key bytea NOT NULL, -- COSE (RFC 9052)
  counter bigint NOT NULL CONSTRAINT passkey_counter_check CHECK (counter >= 0),
  transports text[] NOT NULL,
  name text NOT NULL CONSTRAINT passkey_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
  created_at timestamptz(3) NOT NULL,
  last_used_at timestamptz(3)
);
CREATE INDEX passkey_user ON passkey (user_id, id);
ALTER TABLE passkey ENABLE ROW LEVEL SECURITY;
ALTER TABLE passkey FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON passkey USING (user_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE, DELETE ON passkey TO tributary_user_app;

-- What an authenticator signs, once.
CREATE TABLE passkey_challenge (
  challenge text PRIMARY KEY,
  user_id text NOT NULL REFERENCES "user",
  purpose text NOT NULL CONSTRAINT passkey_challenge_purpose_check CHECK (purpose IN ('ENROLL', 'PROVE')),
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX passkey_challenge_user ON passkey_challenge (user_id);
ALTER TABLE passkey_challenge ENABLE ROW LEVEL SECURITY;
ALTER TABLE passkey_challenge FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON passkey_challenge USING (user_id = ANY (current_tenants()));
GRANT SELECT, INSERT, DELETE ON passkey_challenge TO tributary_user_app;
