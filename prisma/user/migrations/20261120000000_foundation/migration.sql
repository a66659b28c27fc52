-- Accounts. A user is nobody's tenant: rows are read by id or address, and what a viewer may see is decided by membership.
CREATE TABLE "user" (
  id text PRIMARY KEY,
  email text NOT NULL UNIQUE CHECK (email = lower(email)),
  email_verified_at timestamptz(3),
  display_name text NOT NULL,
  password_hash text NOT NULL,
  status text NOT NULL CHECK (status IN ('PENDING_VERIFICATION', 'ACTIVE', 'SUSPENDED', 'ERASED')),
  verification_requested_at timestamptz(3) NOT NULL, -- limits how often a verification mail can be asked for
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON "user" TO tributary_user_app;

-- Tokens of verification mails: only their hash is kept, each works once.
CREATE TABLE email_verification (
  token_hash text PRIMARY KEY,
  user_id text NOT NULL REFERENCES "user",
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3)
);
CREATE INDEX email_verification_user ON email_verification (user_id);
ALTER TABLE email_verification ENABLE ROW LEVEL SECURITY;
ALTER TABLE email_verification FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON email_verification USING (user_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE, DELETE ON email_verification TO tributary_user_app;

CREATE TABLE session (
  id text PRIMARY KEY,
  user_id text NOT NULL REFERENCES "user",
  device text,
  ip text,
  user_agent text,
  created_at timestamptz(3) NOT NULL,
  last_seen_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  revoked_at timestamptz(3),
  revoked_reason text,
  version integer NOT NULL DEFAULT 1
);
CREATE INDEX session_of_user ON session (user_id, id);
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
ALTER TABLE session FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON session USING (user_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON session TO tributary_user_app;

-- Every refresh token a session ever had: one that was traded in and comes again betrays a thief.
CREATE TABLE refresh_token (
  token_hash text PRIMARY KEY,
  session_id text NOT NULL REFERENCES session,
  user_id text NOT NULL REFERENCES "user",
  created_at timestamptz(3) NOT NULL,
  replaced_at timestamptz(3)
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);
ALTER TABLE refresh_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_token FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON refresh_token USING (user_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE, DELETE ON refresh_token TO tributary_user_app;

-- The unique index on slug spans all organisations: it tells that a slug is taken, never by whom.
CREATE TABLE organization (
  id text PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  status text NOT NULL CHECK (status IN ('ACTIVE', 'SUSPENDED')),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
ALTER TABLE organization ENABLE ROW LEVEL SECURITY;
ALTER TABLE organization FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organization USING (id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON organization TO tributary_user_app;

CREATE TABLE role (
  id text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organization,
  name text NOT NULL,
  permissions text[] NOT NULL,
  built_in boolean NOT NULL,
  UNIQUE (organization_id, name)
);
ALTER TABLE role ENABLE ROW LEVEL SECURITY;
ALTER TABLE role FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON role USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT ON role TO tributary_user_app;

-- Read by the organisation and by the member; written in the organisation's name only.
CREATE TABLE membership (
  id text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organization,
  user_id text NOT NULL REFERENCES "user",
  founder boolean NOT NULL, -- created the organisation: counts towards how many one user may create
  version integer NOT NULL DEFAULT 1,
  joined_at timestamptz(3) NOT NULL,
  UNIQUE (organization_id, user_id)
);
CREATE INDEX membership_organization ON membership (organization_id, id);
CREATE INDEX membership_user ON membership (user_id, id);
ALTER TABLE membership ENABLE ROW LEVEL SECURITY;
ALTER TABLE membership FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON membership
  USING (organization_id = ANY (current_tenants()) OR user_id = ANY (current_tenants()))
  WITH CHECK (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE, DELETE ON membership TO tributary_user_app;

CREATE TABLE membership_role (
  membership_id text NOT NULL REFERENCES membership ON DELETE CASCADE,
  role_id text NOT NULL REFERENCES role,
  organization_id text NOT NULL REFERENCES organization,
  PRIMARY KEY (membership_id, role_id)
);
CREATE INDEX membership_role_role ON membership_role (role_id);
ALTER TABLE membership_role ENABLE ROW LEVEL SECURITY;
ALTER TABLE membership_role FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON membership_role USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, DELETE ON membership_role TO tributary_user_app;

CREATE TABLE invitation (
  id text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organization,
  email text NOT NULL CHECK (email = lower(email)),
  role_ids text[] NOT NULL,
  invited_by_id text NOT NULL REFERENCES "user",
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  accepted_at timestamptz(3),
  version integer NOT NULL DEFAULT 1
);
CREATE INDEX invitation_organization ON invitation (organization_id, id);
ALTER TABLE invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON invitation USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON invitation TO tributary_user_app;

-- A mail that had to be sent again carries another token; each works until the invitation is accepted or expires.
CREATE TABLE invitation_token (
  token_hash text PRIMARY KEY,
  invitation_id text NOT NULL REFERENCES invitation,
  organization_id text NOT NULL REFERENCES organization,
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX invitation_token_invitation ON invitation_token (invitation_id);
ALTER TABLE invitation_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitation_token FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON invitation_token USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT ON invitation_token TO tributary_user_app;

-- One row per mail that an event called for. The tenant is the recipient's user id, or the inviting organisation.
CREATE TABLE email_delivery (
  event_id uuid PRIMARY KEY,
  tenant_id text NOT NULL,
  template text NOT NULL,
  recipient text NOT NULL,
  state text NOT NULL CHECK (state IN ('SENDING', 'SENT', 'FAILED')),
  attempts integer NOT NULL DEFAULT 0,
  last_error text,
  created_at timestamptz(3) NOT NULL,
  sent_at timestamptz(3)
);
CREATE INDEX email_delivery_tenant ON email_delivery (tenant_id, created_at);
ALTER TABLE email_delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE email_delivery FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON email_delivery USING (tenant_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON email_delivery TO tributary_user_app;
