-- Mails of a tenant page by page, newest first: ids of events rise with time.
CREATE INDEX email_delivery_of_tenant ON email_delivery (tenant_id, event_id);
