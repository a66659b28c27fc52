-- Dead letters of all consumers. They belong to no tenant: a record that is no event has a key and nothing else, and
-- what is in them is for operators. Row-level security shows them to transactions of the platform alone.
CREATE TABLE dead_letter (
  id text PRIMARY KEY,
  identity text NOT NULL, -- the same failure recorded twice has one
  consumer text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  record_offset bigint NOT NULL,
  record_key text NOT NULL,
  event_id uuid,          -- from here: as far as the record could be read
  event_type text,
  event_sequence bigint,
  payload bytea NOT NULL, -- as it was; not every text is one to Postgres
  complete boolean NOT NULL, -- false: only its beginning was kept
  reason text NOT NULL,
  attempts integer NOT NULL CHECK (attempts > 0),
  failures integer NOT NULL CHECK (failures > 0),
  first_failed_at timestamptz(3) NOT NULL,
  last_failed_at timestamptz(3) NOT NULL,
  status text NOT NULL CHECK (status IN ('OPEN', 'REPLAYING', 'REPLAYED', 'DISCARDED')),
  replay_id uuid,         -- of the last request
  replay_requested_at timestamptz(3),
  superseded boolean NOT NULL DEFAULT false, -- the last replay was refused, since something newer was applied
  resolved_at timestamptz(3),
  resolved_by text,
  resolution text         -- why it was discarded
);
CREATE UNIQUE INDEX dead_letter_identity_key ON dead_letter (identity);
CREATE INDEX dead_letter_topic_id_idx ON dead_letter (topic, id);
CREATE INDEX dead_letter_consumer_id_idx ON dead_letter (consumer, id);
CREATE INDEX dead_letter_record_key_id_idx ON dead_letter (record_key, id);
CREATE INDEX dead_letter_status_id_idx ON dead_letter (status, id);
ALTER TABLE dead_letter ENABLE ROW LEVEL SECURITY;
ALTER TABLE dead_letter FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON dead_letter USING ('platform' = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON dead_letter TO tributary_audit_app;
