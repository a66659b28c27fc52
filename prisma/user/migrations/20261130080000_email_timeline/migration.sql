-- What became of a mail, step by step. A mail server may take a mail and hear later that nobody can be reached at the
-- address: the mail bounced.
ALTER TABLE email_delivery DROP CONSTRAINT email_delivery_state_check, ADD CONSTRAINT email_delivery_state_check
  CHECK (state IN ('REQUESTED', 'SENDING', 'SENT', 'FAILED', 'CANCELLED', 'BOUNCED'));
CREATE TABLE email_step (
  event_id uuid NOT NULL REFERENCES email_delivery,
  number integer NOT NULL CONSTRAINT email_step_number CHECK (number >= 1),
  tenant_id text NOT NULL,
  state text NOT NULL CONSTRAINT email_step_state_check
    CHECK (state IN ('REQUESTED', 'SENDING', 'SENT', 'FAILED', 'CANCELLED', 'BOUNCED')),
  detail text, -- what the mail server said
  at timestamptz(3) NOT NULL,
  PRIMARY KEY (event_id, number)
);
ALTER TABLE email_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE email_step FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON email_step USING (tenant_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON email_step TO tributary_user_app;

-- Of mails from before, what is known. No policy binds the owner here.
ALTER TABLE email_delivery NO FORCE ROW LEVEL SECURITY;
ALTER TABLE email_step NO FORCE ROW LEVEL SECURITY;
INSERT INTO email_step (event_id, number, tenant_id, state, at)
  SELECT event_id, 1, tenant_id, 'REQUESTED', created_at FROM email_delivery;
INSERT INTO email_step (event_id, number, tenant_id, state, at)
  SELECT event_id, 2, tenant_id, 'SENT', sent_at FROM email_delivery WHERE sent_at IS NOT NULL;
ALTER TABLE email_delivery FORCE ROW LEVEL SECURITY;
ALTER TABLE email_step FORCE ROW LEVEL SECURITY;

-- Whose a mail is, for whoever knows its id alone: the mail server that it bounced at. The function runs as the owner.
CREATE POLICY owner ON email_delivery FOR SELECT TO tributary_user_owner USING (true);
CREATE FUNCTION tenant_of_email(wanted uuid) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = public, pg_temp AS $$ SELECT tenant_id FROM email_delivery WHERE event_id = wanted $$;
REVOKE ALL ON FUNCTION tenant_of_email FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_of_email TO tributary_user_app;
