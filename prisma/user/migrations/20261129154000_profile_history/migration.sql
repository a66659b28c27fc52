-- Every change of an account, in order: what it is now is what these make of it. The number is the account's version
-- after the change. Nothing in here is changed or removed.
ALTER TABLE "user"
  ADD COLUMN locale text CONSTRAINT user_locale_length CHECK (char_length(locale) BETWEEN 2 AND 35),
  ADD COLUMN time_zone text CONSTRAINT user_time_zone_length CHECK (char_length(time_zone) BETWEEN 1 AND 64);

CREATE TABLE profile_event (
  user_id text NOT NULL REFERENCES "user",
  sequence integer NOT NULL CHECK (sequence > 0),
  type text NOT NULL CHECK (type IN (
    'REGISTERED', 'REGISTERED_AGAIN', 'EMAIL_VERIFIED', 'UPDATED', 'PASSWORD_CHANGED', 'SUSPENDED', 'REINSTATED',
    'IMPORTED', 'REBUILT'
  )),
  changes jsonb NOT NULL, -- by field: from what to what
  actor_id text,          -- null: nobody was signed in
  trace_id text NOT NULL,
  occurred_at timestamptz(3) NOT NULL,
  PRIMARY KEY (user_id, sequence)
);
-- Of accounts from before nothing is known but what they are.
INSERT INTO profile_event (user_id, sequence, type, changes, trace_id, occurred_at)
  SELECT id, version, 'IMPORTED', jsonb_build_object(
      'email', jsonb_build_object('from', NULL, 'to', email),
      'emailVerifiedAt', jsonb_build_object('from', NULL, 'to',
        to_char(email_verified_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
      'displayName', jsonb_build_object('from', NULL, 'to', display_name),
      'status', jsonb_build_object('from', NULL, 'to', status),
      'locale', jsonb_build_object('from', NULL, 'to', NULL),
      'timeZone', jsonb_build_object('from', NULL, 'to', NULL)
    ), 'none', created_at
  FROM "user";
ALTER TABLE profile_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE profile_event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON profile_event USING (user_id = ANY (current_tenants()));
GRANT SELECT, INSERT ON profile_event TO tributary_user_app;
