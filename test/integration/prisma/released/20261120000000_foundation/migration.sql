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
GRANT SELECT, INSERT, UPDATE ON stream_head TO tributary_audit_app;

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
CREATE POLICY relay ON outbox TO tributary_audit_relay USING (true);
GRANT SELECT, INSERT ON outbox TO tributary_audit_app;
GRANT SELECT, DELETE, UPDATE (sent_at) ON outbox TO tributary_audit_relay;

CREATE TABLE inbox (
  consumer text NOT NULL,
  event_id uuid NOT NULL,
  processed_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_processed ON inbox (processed_at);
GRANT SELECT, INSERT, DELETE ON inbox TO tributary_audit_app;

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
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO tributary_audit_app;

-- The audit log: one hash chain per tenant (organisation, or user for what belongs to no organisation).

CREATE TABLE audit_chain (
  tenant_id text PRIMARY KEY,
  sequence bigint NOT NULL,
  hash text NOT NULL
);
ALTER TABLE audit_chain ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_chain FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_chain USING (tenant_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON audit_chain TO tributary_audit_app;

CREATE TABLE audit_entry (
  id text PRIMARY KEY,
  tenant_id text NOT NULL,
  organization_id text,
  sequence bigint NOT NULL CHECK (sequence > 0),
  event_id uuid NOT NULL,
  actor_kind text NOT NULL CHECK (actor_kind IN ('USER', 'SERVICE', 'ANONYMOUS')),
  actor_id text,
  action text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('SUCCESS', 'DENIED', 'FAILURE')),
  targets jsonb NOT NULL,
  target_ids text[] NOT NULL,
  metadata jsonb NOT NULL,
  ip text,
  user_agent text,
  occurred_at timestamptz(3) NOT NULL,
  recorded_at timestamptz(3) NOT NULL,
  trace_id text,
  correlation_id text NOT NULL,
  hash text NOT NULL,
  previous_hash text
);
CREATE UNIQUE INDEX audit_entry_tenant_id_sequence_key ON audit_entry (tenant_id, sequence);
CREATE UNIQUE INDEX audit_entry_tenant_id_event_id_key ON audit_entry (tenant_id, event_id);
CREATE INDEX audit_entry_tenant_id_action_sequence_idx ON audit_entry (tenant_id, action, sequence);
CREATE INDEX audit_entry_tenant_id_actor_id_sequence_idx ON audit_entry (tenant_id, actor_id, sequence);
CREATE INDEX audit_entry_target_ids_idx ON audit_entry USING gin (target_ids);
ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_entry USING (tenant_id = ANY (current_tenants()));
-- No UPDATE, no DELETE, no TRUNCATE: an entry stays as it was written.
GRANT SELECT, INSERT ON audit_entry TO tributary_audit_app;

-- The grants bind the application; this binds the owner, too. Whoever removes the trigger still breaks the hash chain.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit entries are append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
