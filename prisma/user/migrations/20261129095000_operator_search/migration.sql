-- `npm run operator -- find` looks up whose id belongs to an address, a name or a slug. The relay's role, which no
-- request has, reads these columns of every organisation; the app's role stays within its tenants.
CREATE POLICY operator ON organization FOR SELECT TO tributary_user_relay USING (true);
GRANT SELECT (id, slug, name, status) ON organization TO tributary_user_relay;
GRANT SELECT (id, email, display_name, status) ON "user" TO tributary_user_relay;
