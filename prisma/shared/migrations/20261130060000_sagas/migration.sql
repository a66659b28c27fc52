-- Work of several subgraphs that is complete in the end, or undone; see platform/saga.
CREATE TABLE saga (
  id text PRIMARY KEY,
  tenant_id text NOT NULL,
  kind text NOT NULL,
  state text NOT NULL CHECK (state IN ('RUNNING', 'COMPLETED', 'COMPENSATING', 'COMPENSATED')),
  failure text, -- why it is undone
  input jsonb NOT NULL, -- what its steps work with; empty when it has ended
  causation jsonb NOT NULL,
  started_at timestamptz(3) NOT NULL,
  deadline timestamptz(3) NOT NULL,
  wake_at timestamptz(3), -- when to look after it without being told
  finished_at timestamptz(3),
  version integer NOT NULL,
  CONSTRAINT saga_finished CHECK ((state IN ('COMPLETED', 'COMPENSATED')) = (finished_at IS NOT NULL)),
  CONSTRAINT saga_wakes CHECK ((finished_at IS NULL) = (wake_at IS NOT NULL))
);
CREATE INDEX saga_tenant ON saga (tenant_id, kind, id);
CREATE INDEX saga_due ON saga (wake_at) WHERE finished_at IS NULL;
ALTER TABLE saga ENABLE ROW LEVEL SECURITY;
ALTER TABLE saga FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON saga USING (tenant_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (state, failure, input, wake_at, finished_at, version) ON saga TO tributary_{subgraph}_app;
-- Somebody must find what is late in every tenant: of those that have not ended, whose they are and when they are due.
CREATE POLICY due ON saga FOR SELECT TO tributary_{subgraph}_relay USING (finished_at IS NULL);
GRANT SELECT (id, tenant_id, wake_at, deadline, finished_at) ON saga TO tributary_{subgraph}_relay;

CREATE TABLE saga_step (
  saga_id text NOT NULL REFERENCES saga,
  position integer NOT NULL, -- in the order of execution
  tenant_id text NOT NULL,
  name text NOT NULL,
  service text NOT NULL,
  state text NOT NULL
    CHECK (state IN ('PENDING', 'RUNNING', 'DONE', 'FAILED', 'COMPENSATING', 'COMPENSATED', 'SKIPPED')),
  attempts integer NOT NULL,
  error text,
  compensated_at timestamptz(3),
  PRIMARY KEY (saga_id, position),
  CONSTRAINT saga_step_compensated CHECK ((state = 'COMPENSATED') = (compensated_at IS NOT NULL))
);
ALTER TABLE saga_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE saga_step FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON saga_step USING (tenant_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (state, attempts, error, compensated_at) ON saga_step TO tributary_{subgraph}_app;

-- What this subgraph did for sagas, its own and others'. A step is carried out once, and never after it was undone.
CREATE TABLE saga_participation (
  saga_id text NOT NULL,
  step text NOT NULL,
  tenant_id text NOT NULL,
  state text NOT NULL CHECK (state IN ('EXECUTING', 'EXECUTED', 'COMPENSATING', 'COMPENSATED')),
  reference text, -- what the step made
  outcome text CHECK (outcome IN ('DONE', 'FAILED')), -- of the execution
  reason text,
  PRIMARY KEY (saga_id, step),
  CONSTRAINT saga_participation_outcome CHECK ((state = 'EXECUTED') <= (outcome IS NOT NULL))
);
CREATE INDEX saga_participation_reference ON saga_participation (reference) WHERE reference IS NOT NULL;
ALTER TABLE saga_participation ENABLE ROW LEVEL SECURITY;
ALTER TABLE saga_participation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON saga_participation USING (tenant_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (state, reference, outcome, reason) ON saga_participation TO tributary_{subgraph}_app;
