-- Domains that an organisation says are its own, and has shown to be so by a record in their DNS. A shown one is one
-- organisation's.
CREATE TABLE organization_domain (
  id text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organization,
  domain text NOT NULL CONSTRAINT organization_domain_form
    CHECK (domain = lower(domain) AND domain LIKE '_%._%' AND char_length(domain) <= 253),
  token text NOT NULL, -- what the record holds
  created_at timestamptz(3) NOT NULL,
  verified_at timestamptz(3),
  UNIQUE (organization_id, domain)
);
CREATE UNIQUE INDEX organization_domain_verified ON organization_domain (domain) WHERE verified_at IS NOT NULL;
ALTER TABLE organization_domain ENABLE ROW LEVEL SECURITY;
ALTER TABLE organization_domain FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organization_domain USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE, DELETE ON organization_domain TO tributary_user_app;

-- Whose a domain is, for whoever wants to sign in and belongs to nobody yet. The function runs as the owner.
CREATE POLICY owner ON organization_domain FOR SELECT TO tributary_user_owner USING (true);
CREATE FUNCTION organization_of_domain(wanted text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
  SELECT organization_id FROM organization_domain WHERE domain = wanted AND verified_at IS NOT NULL
$$;
REVOKE ALL ON FUNCTION organization_of_domain FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organization_of_domain TO tributary_user_app;

-- Where an organisation's people sign in (OpenID Connect). `enforced`: whoever has an address of its domains and did
-- not sign in there is held off.
CREATE TABLE identity_provider (
  organization_id text PRIMARY KEY REFERENCES organization,
  issuer text NOT NULL CONSTRAINT identity_provider_issuer_length CHECK (char_length(issuer) BETWEEN 8 AND 500),
  client_id text NOT NULL CONSTRAINT identity_provider_client_length CHECK (char_length(client_id) BETWEEN 1 AND 255),
  sealed_secret text NOT NULL,
  enforced boolean NOT NULL,
  version integer NOT NULL DEFAULT 1,
  updated_at timestamptz(3) NOT NULL
);
ALTER TABLE identity_provider ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity_provider FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON identity_provider USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE, DELETE ON identity_provider TO tributary_user_app;

-- Which account somebody at a provider has. `subject` is what the provider calls them, whatever their address becomes.
CREATE TABLE provider_account (
  organization_id text NOT NULL REFERENCES organization,
  issuer text NOT NULL,
  subject text NOT NULL CONSTRAINT provider_account_subject_length CHECK (char_length(subject) BETWEEN 1 AND 255),
  user_id text NOT NULL REFERENCES "user",
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (organization_id, issuer, subject)
);
CREATE INDEX provider_account_user ON provider_account (user_id);
ALTER TABLE provider_account ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider_account FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON provider_account
  USING (organization_id = ANY (current_tenants()) OR user_id = ANY (current_tenants()))
  WITH CHECK (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, DELETE ON provider_account TO tributary_user_app;

-- Somebody is at the provider, and comes back with an answer for exactly this attempt.
CREATE TABLE provider_sign_in (
  state_hash text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organization,
  secret_hash text NOT NULL, -- of what the browser keeps that began it
  nonce text NOT NULL,
  code_verifier text NOT NULL,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX provider_sign_in_organization ON provider_sign_in (organization_id);
ALTER TABLE provider_sign_in ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider_sign_in FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON provider_sign_in USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, DELETE ON provider_sign_in TO tributary_user_app;

-- A session that began at a provider: it counts for that organisation's demands.
ALTER TABLE session ADD COLUMN provider_organization_id text;
