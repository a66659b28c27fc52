-- The language that somebody chose who opened an account, until its address is confirmed.
ALTER TABLE pending_registration
  ADD COLUMN locale text CONSTRAINT pending_registration_locale_length CHECK (char_length(locale) BETWEEN 2 AND 35);
