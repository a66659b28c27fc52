-- What organisations use of metered features, who takes their seats, and what they were told that they may use.

-- Insert only: what somebody recorded stays as it came.
CREATE TABLE usage_record (
  id text PRIMARY KEY,
  organization_id text NOT NULL,
  meter text NOT NULL,
  quantity bigint NOT NULL CONSTRAINT usage_record_quantity CHECK (quantity > 0),
  -- When it was used.
  at timestamptz(3) NOT NULL,
  recorded_at timestamptz(3) NOT NULL,
  -- The month that it is counted for; null: it is late, and late_usage says.
  period_start timestamptz(3)
);
CREATE UNIQUE INDEX usage_record_tenant ON usage_record (organization_id, id);
ALTER TABLE usage_record ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_record FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON usage_record USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT ON usage_record TO tributary_billing_app;

-- The running total of a month. Its row decides between records that come at once.
CREATE TABLE usage_total (
  organization_id text NOT NULL,
  meter text NOT NULL,
  period_start timestamptz(3) NOT NULL,
  period_end timestamptz(3) NOT NULL,
  used bigint NOT NULL CONSTRAINT usage_total_used CHECK (used >= 0),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, meter, period_start),
  CONSTRAINT usage_total_period CHECK (period_end > period_start)
);
ALTER TABLE usage_total ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_total FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON usage_total USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (used, updated_at) ON usage_total TO tributary_billing_app;

-- Records that lie before the month in which they came: counted for their own month by a job.
CREATE TABLE late_usage (
  record_id text PRIMARY KEY,
  organization_id text NOT NULL,
  -- Who recorded it, for the event of its count.
  causation jsonb NOT NULL,
  rated_at timestamptz(3),
  -- The month that it was counted for.
  period_start timestamptz(3),
  CONSTRAINT late_usage_rated CHECK ((rated_at IS NULL) = (period_start IS NULL)),
  FOREIGN KEY (organization_id, record_id) REFERENCES usage_record (organization_id, id)
);
CREATE UNIQUE INDEX late_usage_tenant ON late_usage (organization_id, record_id);
CREATE INDEX late_usage_due ON late_usage (record_id) WHERE rated_at IS NULL;
ALTER TABLE late_usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE late_usage FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON late_usage USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (rated_at, period_start) ON late_usage TO tributary_billing_app;
-- The job finds those of all organisations, and only which and whose they are.
CREATE POLICY due ON late_usage FOR SELECT TO tributary_billing_relay USING (rated_at IS NULL);
GRANT SELECT (record_id, organization_id, rated_at) ON late_usage TO tributary_billing_relay;

-- Members, by the events of the user subgraph.
CREATE TABLE seat (
  membership_id text PRIMARY KEY,
  organization_id text NOT NULL
);
CREATE INDEX seat_organization ON seat (organization_id);
ALTER TABLE seat ENABLE ROW LEVEL SECURITY;
ALTER TABLE seat FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON seat USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, DELETE ON seat TO tributary_billing_app;

-- What was published of an organisation's grants last: what is the same is not published again.
CREATE TABLE entitlement_grant (
  organization_id text NOT NULL,
  key text NOT NULL,
  granted boolean NOT NULL,
  -- Null: unlimited, where it is granted.
  allowed bigint CONSTRAINT entitlement_grant_allowed CHECK (allowed >= 0),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (organization_id, key),
  CONSTRAINT entitlement_grant_none CHECK (granted OR allowed IS NULL)
);
ALTER TABLE entitlement_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE entitlement_grant FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON entitlement_grant USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (granted, allowed, updated_at) ON entitlement_grant TO tributary_billing_app;
