-- What leaves the platform for somebody's address, and is sent again until it is taken or given up; see
-- platform/carriers.
--
-- One row per address. Its lock gives the order of what is sent there; its lease says that something is under way.
CREATE TABLE carrier_address (
  carrier text NOT NULL,
  tenant_id text NOT NULL,
  address text NOT NULL,
  last_number bigint NOT NULL CONSTRAINT carrier_address_last_number CHECK (last_number >= 1), -- of its newest delivery
  wake_at timestamptz(3), -- when to look at it: the next attempt, or the end of the lease; null: all is sent
  lease uuid, -- whose attempt is under way
  failing boolean NOT NULL DEFAULT false, -- how its newest attempt ended
  PRIMARY KEY (carrier, tenant_id, address),
  CONSTRAINT carrier_address_lease CHECK (lease IS NULL OR wake_at IS NOT NULL) -- a lease ends
);
CREATE INDEX carrier_address_due ON carrier_address (carrier, failing, wake_at) WHERE wake_at IS NOT NULL;
ALTER TABLE carrier_address ENABLE ROW LEVEL SECURITY;
ALTER TABLE carrier_address FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON carrier_address USING (tenant_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (last_number, wake_at, lease, failing) ON carrier_address TO tributary_{subgraph}_app;
-- Somebody must find what is due in every tenant: whose it is and where it goes, but not what it says.
CREATE POLICY due ON carrier_address FOR SELECT TO tributary_{subgraph}_relay USING (wake_at IS NOT NULL);
GRANT SELECT (carrier, tenant_id, address, wake_at, failing) ON carrier_address TO tributary_{subgraph}_relay;

CREATE TABLE carrier_delivery (
  id text PRIMARY KEY, -- the receiver knows it, too: the same with each attempt
  carrier text NOT NULL,
  tenant_id text NOT NULL,
  address text NOT NULL,
  number bigint NOT NULL, -- its place among those of its address
  content text, -- what the message is made of; null when it is taken, or not wanted any more
  state text NOT NULL CONSTRAINT carrier_delivery_state
    CHECK (state IN ('REQUESTED', 'SENDING', 'FAILED', 'DELIVERED', 'DEAD', 'CANCELLED')),
  attempts integer NOT NULL DEFAULT 0 CONSTRAINT carrier_delivery_attempts CHECK (attempts >= 0),
  detail text, -- what the receiver said last
  requested_at timestamptz(3) NOT NULL,
  finished_at timestamptz(3),
  CONSTRAINT carrier_delivery_finished
    CHECK ((state IN ('DELIVERED', 'DEAD', 'CANCELLED')) = (finished_at IS NOT NULL)),
  CONSTRAINT carrier_delivery_content CHECK ((state IN ('DELIVERED', 'CANCELLED')) = (content IS NULL))
);
CREATE UNIQUE INDEX carrier_delivery_place ON carrier_delivery (carrier, tenant_id, address, number);
CREATE INDEX carrier_delivery_waiting ON carrier_delivery (carrier, tenant_id, address, number)
  WHERE finished_at IS NULL;
ALTER TABLE carrier_delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE carrier_delivery FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON carrier_delivery USING (tenant_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (number, content, state, attempts, detail, finished_at) ON carrier_delivery
  TO tributary_{subgraph}_app;

-- The timeline of a delivery: each change of its state.
CREATE TABLE carrier_step (
  delivery_id text NOT NULL REFERENCES carrier_delivery,
  number integer NOT NULL CONSTRAINT carrier_step_number CHECK (number >= 1),
  tenant_id text NOT NULL,
  state text NOT NULL CONSTRAINT carrier_step_state
    CHECK (state IN ('REQUESTED', 'SENDING', 'FAILED', 'DELIVERED', 'DEAD', 'CANCELLED')),
  detail text, -- what the receiver said
  at timestamptz(3) NOT NULL,
  PRIMARY KEY (delivery_id, number)
);
ALTER TABLE carrier_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE carrier_step FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON carrier_step USING (tenant_id = ANY (current_tenants()));
GRANT SELECT, INSERT ON carrier_step TO tributary_{subgraph}_app;
