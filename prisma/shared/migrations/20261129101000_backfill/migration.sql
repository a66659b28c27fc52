-- How far a read model is filled with what happened before it was there; see platform/events/backfill.ts.
CREATE TABLE backfill (
  consumer text PRIMARY KEY,
  after_key text NOT NULL DEFAULT '', -- the last stream whose state is in the model
  log_positions jsonb NOT NULL,       -- where the log ended when it began, by partition
  started_at timestamptz(3) NOT NULL DEFAULT now(),
  completed_at timestamptz(3)
);
GRANT SELECT, INSERT, UPDATE ON backfill TO tributary_{subgraph}_app;

-- Up to which event of a stream the model holds it by its snapshot. One row per consumer and stream.
CREATE TABLE snapshot_mark (
  consumer text NOT NULL,
  topic text NOT NULL,
  tenant_id text NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (consumer, topic, tenant_id)
);
ALTER TABLE snapshot_mark ENABLE ROW LEVEL SECURITY;
ALTER TABLE snapshot_mark FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON snapshot_mark USING (tenant_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON snapshot_mark TO tributary_{subgraph}_app;
