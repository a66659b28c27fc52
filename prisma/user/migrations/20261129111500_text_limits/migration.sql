-- The limits of schema/constraints.ts, once more where nothing can pass them by. Lengths count code points.
ALTER TABLE "user"
  ADD CONSTRAINT user_email_form CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND char_length(email) <= 254),
  ADD CONSTRAINT user_display_name_length CHECK (char_length(display_name) BETWEEN 1 AND 80);
ALTER TABLE session ADD CONSTRAINT session_device_length CHECK (char_length(device) BETWEEN 1 AND 120);
ALTER TABLE organization
  ADD CONSTRAINT organization_slug_form
    CHECK (slug ~ '^[a-z0-9][a-z0-9-]*[a-z0-9]$' AND char_length(slug) BETWEEN 3 AND 40),
  ADD CONSTRAINT organization_name_length CHECK (char_length(name) BETWEEN 2 AND 80);
ALTER TABLE invitation
  ADD CONSTRAINT invitation_email_form CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND char_length(email) <= 254);
