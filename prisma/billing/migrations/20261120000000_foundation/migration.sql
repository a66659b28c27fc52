-- Billing. Amounts are bigint in the currency's minor unit. Every row of a tenant names its organisation, and every reference
-- between such rows includes it, so that no row can point into another organisation whatever the code does.

-- Prices, the same for everybody. Insert only: a published plan never changes, a new version supersedes it.
CREATE TABLE plan (
  id text PRIMARY KEY,
  code text NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  name text NOT NULL,
  status text NOT NULL CHECK (status IN ('PUBLISHED', 'RETIRED')),
  interval text NOT NULL CHECK (interval IN ('MONTH', 'YEAR')),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  features jsonb NOT NULL, -- [{"key": text, "limit": decimal text or null}]
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX plan_code_version ON plan (code, version);
CREATE UNIQUE INDEX plan_published ON plan (code) WHERE status = 'PUBLISHED';
GRANT SELECT, INSERT ON plan TO tributary_billing_app;

CREATE TABLE billing_account (
  id text PRIMARY KEY,
  organization_id text NOT NULL,
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX billing_account_organization ON billing_account (organization_id);
CREATE UNIQUE INDEX billing_account_tenant ON billing_account (organization_id, id);
ALTER TABLE billing_account ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing_account FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON billing_account USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (version, updated_at) ON billing_account TO tributary_billing_app;

CREATE TABLE payment_method (
  id text PRIMARY KEY,
  organization_id text NOT NULL,
  account_id text NOT NULL,
  kind text NOT NULL,
  brand text,
  last4 text CHECK (last4 ~ '^[0-9]{4}$'), -- the only digits of a card that exist here
  provider text NOT NULL,
  reference text NOT NULL, -- the provider's handle of the card
  is_default boolean NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  FOREIGN KEY (organization_id, account_id) REFERENCES billing_account (organization_id, id)
);
CREATE UNIQUE INDEX payment_method_tenant ON payment_method (organization_id, id);
CREATE INDEX payment_method_account ON payment_method (account_id, id);
CREATE UNIQUE INDEX payment_method_default ON payment_method (account_id) WHERE is_default;
ALTER TABLE payment_method ENABLE ROW LEVEL SECURITY;
ALTER TABLE payment_method FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON payment_method USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (is_default, version) ON payment_method TO tributary_billing_app;

CREATE TABLE billing_subscription (
  id text PRIMARY KEY,
  organization_id text NOT NULL,
  account_id text NOT NULL,
  plan_id text NOT NULL REFERENCES plan (id),
  status text NOT NULL CHECK (status IN ('INCOMPLETE', 'ACTIVE', 'PAST_DUE', 'CANCELED')),
  quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
  current_period_start timestamptz(3) NOT NULL,
  current_period_end timestamptz(3) NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CHECK (current_period_end > current_period_start),
  FOREIGN KEY (organization_id, account_id) REFERENCES billing_account (organization_id, id)
);
CREATE UNIQUE INDEX billing_subscription_tenant ON billing_subscription (organization_id, id);
CREATE INDEX billing_subscription_account ON billing_subscription (account_id, id);
-- A plan runs once per account. An unpaid start counts: it is completed by paying its invoice, not by a second start.
CREATE UNIQUE INDEX billing_subscription_running ON billing_subscription (account_id, plan_id) WHERE status <> 'CANCELED';
ALTER TABLE billing_subscription ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing_subscription FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON billing_subscription USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (status, version, updated_at) ON billing_subscription TO tributary_billing_app;

-- The row lock, held to the commit, makes numbers gap-free: a rolled-back invoice gives its number back.
CREATE TABLE invoice_counter (
  organization_id text NOT NULL,
  year integer NOT NULL,
  last_number integer NOT NULL CHECK (last_number > 0),
  PRIMARY KEY (organization_id, year)
);
ALTER TABLE invoice_counter ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoice_counter FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON invoice_counter USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (last_number) ON invoice_counter TO tributary_billing_app;

CREATE TABLE invoice (
  id text PRIMARY KEY,
  organization_id text NOT NULL,
  account_id text NOT NULL,
  subscription_id text,
  number text NOT NULL,
  status text NOT NULL CHECK (status IN ('DRAFT', 'OPEN', 'PAID', 'VOID', 'UNCOLLECTIBLE')),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  subtotal_minor bigint NOT NULL CHECK (subtotal_minor >= 0),
  tax_minor bigint NOT NULL CHECK (tax_minor >= 0),
  total_minor bigint NOT NULL,
  issued_at timestamptz(3) NOT NULL,
  due_at timestamptz(3) NOT NULL,
  paid_at timestamptz(3),
  version integer NOT NULL DEFAULT 1,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CHECK (total_minor = subtotal_minor + tax_minor),
  CHECK ((status = 'PAID') = (paid_at IS NOT NULL)),
  FOREIGN KEY (organization_id, account_id) REFERENCES billing_account (organization_id, id),
  FOREIGN KEY (organization_id, subscription_id) REFERENCES billing_subscription (organization_id, id)
);
CREATE UNIQUE INDEX invoice_tenant ON invoice (organization_id, id);
CREATE UNIQUE INDEX invoice_number ON invoice (organization_id, number);
CREATE INDEX invoice_account ON invoice (account_id, id);
CREATE INDEX invoice_open ON invoice (account_id) WHERE status = 'OPEN';
ALTER TABLE invoice ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoice FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON invoice USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (status, paid_at, version, updated_at) ON invoice TO tributary_billing_app;

CREATE TABLE invoice_line (
  id text PRIMARY KEY,
  organization_id text NOT NULL,
  invoice_id text NOT NULL,
  description text NOT NULL,
  quantity bigint NOT NULL CHECK (quantity > 0),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  unit_amount_minor bigint NOT NULL CHECK (unit_amount_minor >= 0),
  amount_minor bigint NOT NULL,
  period_start timestamptz(3),
  period_end timestamptz(3),
  CHECK (amount_minor = quantity * unit_amount_minor),
  FOREIGN KEY (organization_id, invoice_id) REFERENCES invoice (organization_id, id)
);
CREATE INDEX invoice_line_invoice ON invoice_line (invoice_id, id);
ALTER TABLE invoice_line ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoice_line FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON invoice_line USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT ON invoice_line TO tributary_billing_app;

CREATE TABLE payment (
  id text PRIMARY KEY, -- also the idempotency key at the provider
  organization_id text NOT NULL,
  invoice_id text NOT NULL,
  payment_method_id text NOT NULL,
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  status text NOT NULL CHECK (status IN ('PROCESSING', 'SUCCEEDED', 'FAILED')),
  provider text NOT NULL,
  provider_ref text,
  failure_code text,
  version integer NOT NULL DEFAULT 1,
  -- Who asked, for the events of a settlement that happens after the request.
  causation jsonb NOT NULL,
  -- Completed or abandoned asks of the provider; 0 while the request that created the payment waits for its first answer.
  attempts integer NOT NULL DEFAULT 0,
  -- While PROCESSING: not to be asked about before this instant. Moved ahead, it is the lease of the one who asks; the
  -- default is the lease of the request that creates the payment.
  next_attempt_at timestamptz(3) NOT NULL DEFAULT clock_timestamp() + interval '3 seconds',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  CHECK ((status = 'FAILED') = (failure_code IS NOT NULL)),
  FOREIGN KEY (organization_id, invoice_id) REFERENCES invoice (organization_id, id),
  FOREIGN KEY (organization_id, payment_method_id) REFERENCES payment_method (organization_id, id)
);
CREATE INDEX payment_invoice ON payment (invoice_id, id);
-- An invoice is never paid twice, nor by two payments at once.
CREATE UNIQUE INDEX payment_effective ON payment (invoice_id) WHERE status IN ('PROCESSING', 'SUCCEEDED');
CREATE INDEX payment_unsettled ON payment (next_attempt_at) WHERE status = 'PROCESSING';
ALTER TABLE payment ENABLE ROW LEVEL SECURITY;
ALTER TABLE payment FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON payment USING (organization_id = ANY (current_tenants()));
GRANT SELECT, INSERT, UPDATE (status, provider_ref, failure_code, version, attempts, next_attempt_at, updated_at)
  ON payment TO tributary_billing_app;
-- The settlement worker must find unfinished payments of every organisation. It looks for them with the role that already sees
-- all organisations' outbox rows: only payments that are PROCESSING, only which and whose they are. Everything it then does, it
-- does with the app role as that one organisation.
CREATE POLICY settlement ON payment FOR SELECT TO tributary_billing_relay USING (status = 'PROCESSING');
GRANT SELECT (id, organization_id, status, next_attempt_at) ON payment TO tributary_billing_relay;
