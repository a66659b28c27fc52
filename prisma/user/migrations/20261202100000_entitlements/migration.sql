-- What an organisation's plan grants, by the events of billing: for the limit of seats.
CREATE TABLE organization_entitlement (
  organization_id text NOT NULL REFERENCES organization,
  key text NOT NULL,
  granted boolean NOT NULL,
  -- Null: unlimited, where it is granted.
  allowed bigint CONSTRAINT organization_entitlement_allowed CHECK (allowed >= 0),
  changed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (organization_id, key),
  CONSTRAINT organization_entitlement_none CHECK (granted OR allowed IS NULL)
);
ALTER TABLE organization_entitlement ENABLE ROW LEVEL SECURITY;
ALTER TABLE organization_entitlement FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organization_entitlement USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (granted, allowed, changed_at), DELETE ON organization_entitlement TO tributary_user_app;

-- Programs that record usage need a permission of their own. Whoever gives API keys must hold it to give it.
ALTER TABLE role NO FORCE ROW LEVEL SECURITY;
UPDATE role SET permissions = permissions || '{usage.write}'
  WHERE built_in AND name IN ('OWNER', 'ADMIN', 'BILLING') AND NOT permissions && '{usage.write}';
ALTER TABLE role FORCE ROW LEVEL SECURITY;
