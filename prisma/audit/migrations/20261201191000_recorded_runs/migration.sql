-- Runs of all subgraphs' jobs, as their events tell. They span tenants and are for operators: row-level security shows
-- them to transactions of the platform alone.
CREATE TABLE recorded_run (
  id text PRIMARY KEY,
  service text NOT NULL, -- the subgraph whose job it is
  job text NOT NULL,
  status text NOT NULL CHECK (status IN ('RUNNING', 'COMPLETED', 'FAILED')),
  chunks_total integer NOT NULL,
  chunks_done integer NOT NULL,
  chunks_failed integer NOT NULL,
  items_total integer NOT NULL,
  items_done integer NOT NULL,
  items_failed integer NOT NULL,
  summary jsonb,
  started_at timestamptz(3) NOT NULL,
  finished_at timestamptz(3),
  notified_at timestamptz(3), -- when its end was told here
  version integer NOT NULL,
  CONSTRAINT recorded_run_chunks CHECK (chunks_done + chunks_failed <= chunks_total),
  CONSTRAINT recorded_run_items CHECK (items_done + items_failed <= items_total),
  CONSTRAINT recorded_run_finished CHECK ((status = 'RUNNING') = (finished_at IS NULL)),
  CONSTRAINT recorded_run_notified CHECK ((finished_at IS NULL) = (notified_at IS NULL))
);
ALTER TABLE recorded_run ENABLE ROW LEVEL SECURITY;
ALTER TABLE recorded_run FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON recorded_run USING ('platform' = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON recorded_run TO tributary_audit_app;
