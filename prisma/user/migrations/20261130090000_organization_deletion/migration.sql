-- An organisation is deleted after a time in which its owners may change their minds.
ALTER TABLE organization DROP CONSTRAINT organization_status_check;
ALTER TABLE organization
  ADD COLUMN deletes_at timestamptz(3),
  ADD CONSTRAINT organization_status_check
    CHECK (status IN ('PROVISIONING', 'ACTIVE', 'SUSPENDED', 'CLOSED', 'DELETING', 'DELETED')),
  ADD CONSTRAINT organization_deletes CHECK ((status = 'DELETING') = (deletes_at IS NOT NULL));

-- The relay's role finds what is due.
CREATE INDEX organization_deletes_at ON organization (deletes_at) WHERE deletes_at IS NOT NULL;
GRANT SELECT (deletes_at) ON organization TO tributary_user_relay;

-- What a deleted organisation leaves behind says nothing about people.
GRANT DELETE ON invitation, invitation_token, organization_plan TO tributary_user_app;
