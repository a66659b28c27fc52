-- To whom invoices are made out, and where mails about money go.
ALTER TABLE billing_account
  -- Null: the owners of the organisation are written to.
  ADD COLUMN billing_email text CONSTRAINT billing_account_billing_email CHECK (length(billing_email) BETWEEN 3 AND 254),
  ADD COLUMN tax_id text CONSTRAINT billing_account_tax_id CHECK (length(tax_id) BETWEEN 1 AND 40),
  ADD COLUMN address jsonb CONSTRAINT billing_account_address CHECK (jsonb_typeof(address) = 'object');
GRANT UPDATE (billing_email, tax_id, address) ON billing_account TO tributary_billing_app;

-- What an invoice says of its payer stays as it was when it was issued: it can be inserted, and not changed.
ALTER TABLE invoice ADD COLUMN bill_to jsonb CONSTRAINT invoice_bill_to CHECK (jsonb_typeof(bill_to) = 'object');
