-- Every organisation has five built-in roles from its start. Those that are there get the three that they lack, and
-- their owners what owners alone may do. Ids are UUIDv7, as those that the platform makes.
ALTER TABLE role NO FORCE ROW LEVEL SECURITY;
ALTER TABLE organization NO FORCE ROW LEVEL SECURITY;
UPDATE role SET permissions = permissions || '{organization.own,roles.manage}'
  WHERE built_in AND name = 'OWNER' AND NOT permissions && '{organization.own}';
INSERT INTO role (id, organization_id, name, permissions, built_in)
  SELECT 'rol_' || substr(made.id, 1, 8) || '-' || substr(made.id, 9, 4) || '-7' || substr(made.id, 14, 3) || '-8'
      || substr(made.id, 18, 3) || '-' || substr(made.id, 21, 12),
    made.organization_id, made.name, made.permissions, true
  FROM (
    SELECT lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
        || replace(gen_random_uuid()::text, '-', '') AS id,
      organization.id AS organization_id, added.name, added.permissions::text[] AS permissions
    FROM organization CROSS JOIN (VALUES
      ('ADMIN', '{organization.read,organization.manage,members.read,members.manage,roles.manage,billing.read,audit.read}'),
      ('BILLING', '{organization.read,members.read,billing.read,billing.manage}'),
      ('AUDITOR', '{organization.read,members.read,billing.read,audit.read}')
    ) AS added (name, permissions)
  ) AS made
  ON CONFLICT (organization_id, name) DO NOTHING;
ALTER TABLE organization FORCE ROW LEVEL SECURITY;
ALTER TABLE role FORCE ROW LEVEL SECURITY;
GRANT UPDATE, DELETE ON role TO tributary_user_app;
ALTER TABLE role ADD CONSTRAINT role_name_length CHECK (char_length(name) BETWEEN 1 AND 40);
