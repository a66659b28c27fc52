-- An invitation may be taken back, and goes with the right of whoever made it.
ALTER TABLE invitation
  ADD COLUMN revoked_at timestamptz(3),
  ADD COLUMN sent_at timestamptz(3); -- when its mail was last asked for; null in rows from before
