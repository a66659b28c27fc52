-- What a consumer has applied of an aggregate: a replayed event that is older than that is refused.
-- Null for what was claimed before these columns were there.
ALTER TABLE inbox ADD COLUMN aggregate text, ADD COLUMN sequence bigint;
