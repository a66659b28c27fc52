-- An organisation may let only those members work in it who have a second factor. Whether somebody has one is noted at
-- the account, since an organisation's transactions see no other member's factor.
ALTER TABLE organization ADD COLUMN requires_second_factor boolean NOT NULL DEFAULT false;
ALTER TABLE "user" ADD COLUMN has_second_factor boolean NOT NULL DEFAULT false;
ALTER TABLE second_factor NO FORCE ROW LEVEL SECURITY;
UPDATE "user" SET has_second_factor = true
  WHERE id IN (SELECT user_id FROM second_factor WHERE confirmed_at IS NOT NULL);
ALTER TABLE second_factor FORCE ROW LEVEL SECURITY;
