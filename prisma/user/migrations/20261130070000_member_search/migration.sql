-- A read model for finding members by what their name and address begin with, kept by events. One row per member and
-- word; `words` repeats all of them, so that a search for several words reads one table. The key holds the whole row: a
-- search reads neighbours in its index, and no row of the table. Rows go with the membership.
CREATE TABLE member_search_term (
  organization_id text NOT NULL REFERENCES organization,
  term text COLLATE "C" NOT NULL, -- in the order of its bytes: what begins alike stands together
  membership_id text NOT NULL REFERENCES membership ON DELETE CASCADE,
  user_id text NOT NULL REFERENCES "user",
  shared_length integer NOT NULL, -- code points that the term begins alike with the member's term before it
  words text NOT NULL, -- all terms of the member, each behind a space
  PRIMARY KEY (organization_id, term, membership_id, user_id, shared_length, words)
);
CREATE INDEX member_search_term_membership ON member_search_term (membership_id);
CREATE INDEX member_search_term_user ON member_search_term (user_id);
ALTER TABLE member_search_term ENABLE ROW LEVEL SECURITY;
ALTER TABLE member_search_term FORCE ROW LEVEL SECURITY;
-- A search may pass many rows, so the tenants are read once per statement. An account's events write in its own name.
CREATE POLICY tenant ON member_search_term USING (
  organization_id = ANY ((SELECT current_tenants())::text[]) OR user_id = ANY ((SELECT current_tenants())::text[])
);
GRANT SELECT, INSERT, DELETE ON member_search_term TO tributary_user_app;
