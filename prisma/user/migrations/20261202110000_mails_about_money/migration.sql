-- What a mail says beside what is looked up when it is sent, such as an amount. It names nobody.
ALTER TABLE email_delivery ADD COLUMN facts jsonb CONSTRAINT email_delivery_facts CHECK (jsonb_typeof(facts) = 'object');

-- Where an organisation wants mails about its money, by the events of billing; without an address its owners get them.
CREATE TABLE billing_contact (
  organization_id text PRIMARY KEY REFERENCES organization,
  -- Null: it was taken away.
  email text CONSTRAINT billing_contact_email CHECK (length(email) BETWEEN 3 AND 254),
  changed_at timestamptz(3) NOT NULL
);
ALTER TABLE billing_contact ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing_contact FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON billing_contact USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE, DELETE ON billing_contact TO tributary_user_app;
