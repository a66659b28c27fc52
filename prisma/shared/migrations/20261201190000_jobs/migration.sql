-- Work on many things, in runs of chunks; see platform/jobs. It spans tenants, so it belongs to the platform: row-level
-- security shows it to transactions of the platform alone.
CREATE TABLE job_run (
  id text PRIMARY KEY,
  job text NOT NULL,
  slot timestamptz(3) NOT NULL, -- the moment of the schedule that it is for
  status text NOT NULL CHECK (status IN ('RUNNING', 'COMPLETED', 'FAILED')),
  chunks_total integer NOT NULL,
  chunks_done integer NOT NULL,
  chunks_failed integer NOT NULL,
  items_total integer NOT NULL,
  items_done integer NOT NULL,
  items_failed integer NOT NULL,
  summary jsonb, -- what it ended with
  causation jsonb NOT NULL,
  started_at timestamptz(3) NOT NULL,
  told_at timestamptz(3) NOT NULL, -- when an event last told of it
  finished_at timestamptz(3),
  notified_at timestamptz(3), -- when its end was published: in the same transaction
  version integer NOT NULL,
  CONSTRAINT job_run_chunks
    CHECK (chunks_done >= 0 AND chunks_failed >= 0 AND chunks_done + chunks_failed <= chunks_total),
  CONSTRAINT job_run_items CHECK (items_done >= 0 AND items_failed >= 0 AND items_done + items_failed <= items_total),
  CONSTRAINT job_run_finished CHECK ((status = 'RUNNING') = (finished_at IS NULL)),
  CONSTRAINT job_run_notified CHECK ((finished_at IS NULL) = (notified_at IS NULL)),
  CONSTRAINT job_run_summary CHECK ((finished_at IS NULL) = (summary IS NULL))
);
-- One run per moment, however many instances there are.
CREATE UNIQUE INDEX job_run_slot ON job_run (job, slot);
CREATE INDEX job_run_finished_at ON job_run (job, finished_at) WHERE finished_at IS NOT NULL;
ALTER TABLE job_run ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_run FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON job_run USING ('platform' = ANY (current_tenants()));
GRANT SELECT, INSERT, DELETE,
  UPDATE (status, chunks_done, chunks_failed, items_done, items_failed, summary, told_at, finished_at, notified_at,
    version)
  ON job_run TO tributary_{subgraph}_app;

CREATE TABLE job_chunk (
  run_id text NOT NULL REFERENCES job_run ON DELETE CASCADE,
  ordinal integer NOT NULL,
  job text NOT NULL,
  state text NOT NULL CHECK (state IN ('WAITING', 'RUNNING', 'DONE', 'FAILED')),
  size integer NOT NULL CONSTRAINT job_chunk_size CHECK (size > 0),
  items jsonb NOT NULL, -- what is left to do, each with its tenant
  failures jsonb NOT NULL, -- why some of that failed when it was last tried
  due_at timestamptz(3), -- not to be taken before; of one that is worked on, the end of the lease
  lease uuid,
  attempts integer NOT NULL, -- how often it was taken
  failed_attempts integer NOT NULL, -- how often something of it failed
  ended_at timestamptz(3),
  PRIMARY KEY (run_id, ordinal),
  CONSTRAINT job_chunk_lease CHECK ((state = 'RUNNING') = (lease IS NOT NULL)),
  CONSTRAINT job_chunk_due CHECK ((state IN ('DONE', 'FAILED')) = (due_at IS NULL)),
  CONSTRAINT job_chunk_ended CHECK ((state IN ('DONE', 'FAILED')) = (ended_at IS NOT NULL))
);
CREATE INDEX job_chunk_open ON job_chunk (job, run_id, ordinal) WHERE due_at IS NOT NULL;
CREATE INDEX job_chunk_failed ON job_chunk (job, ended_at) WHERE state = 'FAILED';
ALTER TABLE job_chunk ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_chunk FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON job_chunk USING ('platform' = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (state, items, failures, due_at, lease, attempts, failed_attempts, ended_at)
  ON job_chunk TO tributary_{subgraph}_app;
