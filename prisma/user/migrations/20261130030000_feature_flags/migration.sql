-- Rules of feature flags: for everybody, for the organisations on a plan, for one organisation. They are the platform's,
-- and no tenant's. A rule that was taken back keeps its row, without a percentage.
CREATE TABLE feature_flag_rule (
  flag_key text NOT NULL,
  scope text NOT NULL CONSTRAINT feature_flag_rule_scope_check CHECK (scope IN ('EVERYBODY', 'PLAN', 'ORGANIZATION')),
  target text NOT NULL, -- id of the plan or the organisation; empty for everybody
  percent integer CONSTRAINT feature_flag_rule_percent_range CHECK (percent BETWEEN 0 AND 100),
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (flag_key, scope, target),
  CONSTRAINT feature_flag_rule_target CHECK ((scope = 'EVERYBODY') = (target = '')),
  CONSTRAINT feature_flag_rule_share CHECK (scope = 'EVERYBODY' OR percent IS NULL OR percent IN (0, 100))
);
GRANT SELECT, INSERT, UPDATE ON feature_flag_rule TO tributary_user_app;

-- One row from the first rule on. Counts changes, one at a time: a reader that has a number has all changes up to it.
CREATE TABLE feature_flag_revision (
  id integer PRIMARY KEY CONSTRAINT feature_flag_revision_single CHECK (id = 1),
  revision integer NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON feature_flag_revision TO tributary_user_app;

-- The plan that an organisation is on, by the events of billing: for flags that go by plan.
CREATE TABLE organization_plan (
  organization_id text PRIMARY KEY REFERENCES organization,
  plan_id text NOT NULL,
  changed_at timestamptz(3) NOT NULL
);
ALTER TABLE organization_plan ENABLE ROW LEVEL SECURITY;
ALTER TABLE organization_plan FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organization_plan USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE ON organization_plan TO tributary_user_app;
