-- Every slug that an organisation has or had. It belongs to that organisation for ever, so old addresses lead to it.
-- The unique index spans all organisations: it tells that a slug is taken, never by whom.
CREATE TABLE organization_slug (
  slug text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organization,
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX organization_slug_organization ON organization_slug (organization_id);
-- The owner of the tables is bound by their policies, too.
ALTER TABLE organization NO FORCE ROW LEVEL SECURITY;
INSERT INTO organization_slug (slug, organization_id, created_at) SELECT slug, id, created_at FROM organization;
ALTER TABLE organization FORCE ROW LEVEL SECURITY;
ALTER TABLE organization_slug ENABLE ROW LEVEL SECURITY;
ALTER TABLE organization_slug FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organization_slug USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT ON organization_slug TO tributary_user_app;
