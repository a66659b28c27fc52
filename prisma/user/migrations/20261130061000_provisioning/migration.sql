-- An organisation is set up by several subgraphs, and closed again when one of them cannot.
ALTER TABLE organization DROP CONSTRAINT organization_status_check;
ALTER TABLE organization ADD CONSTRAINT organization_status_check
  CHECK (status IN ('PROVISIONING', 'ACTIVE', 'SUSPENDED', 'CLOSED'));

-- Whoever opens an account may ask for an organisation, and for a plan of it.
ALTER TABLE pending_registration
  ADD COLUMN organization_name text
    CONSTRAINT pending_registration_organization_name_length CHECK (char_length(organization_name) BETWEEN 1 AND 80),
  ADD COLUMN plan_code text,
  ADD COLUMN sealed_token text, -- of the payment provider, for billing alone
  ADD CONSTRAINT pending_registration_plan CHECK (
    (plan_code IS NULL) = (sealed_token IS NULL) AND (plan_code IS NULL OR organization_name IS NOT NULL));

-- An organisation that never came to be gives its slug back.
GRANT DELETE ON organization_slug TO tributary_user_app;
