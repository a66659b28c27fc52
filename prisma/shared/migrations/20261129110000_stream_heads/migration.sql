-- The relay says how far each stream has come, so that readers notice what never reached them.
ALTER TABLE stream_head ADD COLUMN changed_at timestamptz(3) NOT NULL DEFAULT now();
CREATE POLICY relay ON stream_head FOR SELECT TO tributary_{subgraph}_relay USING (true);
GRANT SELECT ON stream_head TO tributary_{subgraph}_relay;
