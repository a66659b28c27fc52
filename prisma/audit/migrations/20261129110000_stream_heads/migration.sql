-- Which events of each stream were recorded, by their sequences: whole numbers from 1, so what is between them is missing.
CREATE TABLE recorded_stream (
  tenant_id text NOT NULL,
  source text NOT NULL, -- of the events, e.g. /tributary/user
  recorded int8multirange NOT NULL DEFAULT '{}',
  head bigint NOT NULL DEFAULT 0,    -- how far the producer says that its stream has come
  missing bigint NOT NULL DEFAULT 0, -- up to there, without what a dead letter explains
  PRIMARY KEY (tenant_id, source)
);
CREATE INDEX recorded_stream_missing ON recorded_stream (source) WHERE missing > 0;
-- Entries that are there already do not say which events of their streams they record, only how many there were. The
-- owner is bound by row-level security, too.
ALTER TABLE audit_entry NO FORCE ROW LEVEL SECURITY;
INSERT INTO recorded_stream (tenant_id, source, recorded)
  SELECT tenant_id, '/tributary/' || split_part(action, '.', 1), int8multirange(int8range(1, count(*) + 1))
  FROM audit_entry GROUP BY 1, 2;
ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY;
ALTER TABLE recorded_stream ENABLE ROW LEVEL SECURITY;
ALTER TABLE recorded_stream FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON recorded_stream USING (tenant_id = ANY (current_tenants()));
CREATE POLICY platform ON recorded_stream USING ('platform' = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON recorded_stream TO tributary_audit_app;
