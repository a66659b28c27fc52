-- Shared by every subgraph: who may see a row, the outbox, the inbox, idempotency.
-- Roles are made by prisma/bootstrap.ts: _owner runs this file, _app serves requests and consumers, _relay empties the outbox.

CREATE FUNCTION current_tenants() RETURNS text[]
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT string_to_array(nullif(current_setting('app.tenants', true), ''), ',') $$;

-- One row per event stream. Its row lock, held to the commit, makes sequence order equal to commit order.
CREATE TABLE stream_head (
  topic text NOT NULL,
  tenant_id text NOT NULL,
  last_sequence bigint NOT NULL,
  PRIMARY KEY (topic, tenant_id)
);
ALTER TABLE stream_head ENABLE ROW LEVEL SECURITY;
ALTER TABLE stream_head FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON stream_head USING (tenant_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON stream_head TO tributary_{subgraph}_app;

CREATE TABLE outbox (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id uuid NOT NULL UNIQUE,
  topic text NOT NULL,
  tenant_id text NOT NULL, -- also the ordering key in the log
  envelope text NOT NULL,  -- the CloudEvents JSON, published byte for byte
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  sent_at timestamptz(3)
);
CREATE INDEX outbox_unsent ON outbox (position) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON outbox USING (tenant_id = ANY (current_tenants()));
CREATE POLICY relay ON outbox TO tributary_{subgraph}_relay USING (true);
GRANT SELECT, INSERT ON outbox TO tributary_{subgraph}_app;
GRANT SELECT, DELETE, UPDATE (sent_at) ON outbox TO tributary_{subgraph}_relay;

CREATE TABLE inbox (
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  processed_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_processed ON inbox (processed_at);
GRANT SELECT, INSERT, DELETE ON inbox TO tributary_{subgraph}_app;

CREATE TABLE idempotency (
  tenant_id text NOT NULL,
  key text NOT NULL,
  command text NOT NULL,
  input_hash text NOT NULL,
  state text NOT NULL CHECK (state IN ('RUNNING', 'DONE')),
  result jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_created ON idempotency (created_at);
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON idempotency USING (tenant_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO tributary_{subgraph}_app;
