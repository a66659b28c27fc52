-- The event log of installations without Kafka: topics, partitions with rising offsets, positions of consumer groups.
-- No table has a tenant column: readers are the platform's own processes, which filter per event.
-- Role tributary_events_owner runs this file, tributary_events_app appends and reads.

CREATE TABLE event_topic (
  name text PRIMARY KEY,
  epoch uuid NOT NULL DEFAULT gen_random_uuid(), -- offsets of another epoch mean nothing
  partitions integer NOT NULL CHECK (partitions BETWEEN 1 AND 1024),
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

-- One row per partition. Its row lock, held to the commit, makes offset order equal to commit order,
-- so a reader of "offset >= n" never misses a record that commits late.
CREATE TABLE event_partition (
  topic text NOT NULL REFERENCES event_topic (name) ON DELETE CASCADE,
  partition integer NOT NULL CHECK (partition >= 0),
  low bigint NOT NULL DEFAULT 0,         -- first kept offset
  next_offset bigint NOT NULL DEFAULT 0, -- next offset to be written
  PRIMARY KEY (topic, partition),
  CHECK (low <= next_offset)
) WITH (fillfactor = 50);

CREATE TABLE event_record (
  topic text NOT NULL,
  partition integer NOT NULL,
  record_offset bigint NOT NULL,
  key text NOT NULL,
  value text NOT NULL,
  appended_at timestamptz(3) NOT NULL,
  PRIMARY KEY (topic, partition, record_offset),
  FOREIGN KEY (topic, partition) REFERENCES event_partition (topic, partition) ON DELETE CASCADE
);

CREATE TABLE consumer_offset (
  consumer_group text NOT NULL,
  topic text NOT NULL REFERENCES event_topic (name) ON DELETE CASCADE,
  partition integer NOT NULL,
  next_offset bigint NOT NULL,
  committed_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_group, topic, partition)
);

-- Appends in the given order. Partition rows are locked in rising order, so two appends cannot deadlock.
CREATE FUNCTION event_append(in_topic text, in_partitions integer[], in_keys text[], in_values text[])
  RETURNS void LANGUAGE plpgsql
  AS $$
DECLARE
  head record;
  base bigint;
BEGIN
  FOR head IN
    SELECT u.partition, count(*) AS amount FROM unnest(in_partitions) AS u (partition) GROUP BY 1 ORDER BY 1
  LOOP
    UPDATE event_partition AS p SET next_offset = p.next_offset + head.amount
      WHERE p.topic = in_topic AND p.partition = head.partition
      RETURNING p.next_offset - head.amount INTO base;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'topic % has no partition %', in_topic, head.partition USING ERRCODE = 'no_data_found';
    END IF;
    INSERT INTO event_record (topic, partition, record_offset, key, value, appended_at)
      SELECT in_topic, head.partition, base + row_number() OVER (ORDER BY r.place) - 1, r.key, r.value, clock_timestamp()
      FROM unnest(in_partitions, in_keys, in_values) WITH ORDINALITY AS r (partition, key, value, place)
      WHERE r.partition = head.partition;
  END LOOP;
  PERFORM pg_notify('event_log', in_topic);
END $$;

-- Deletes at most `batch` of the oldest records that are older than `older_than`; returns how many.
-- `low` rises in the same transaction, so it stays exact even when nothing is left.
CREATE FUNCTION event_purge(in_topic text, in_partition integer, older_than timestamptz, batch integer)
  RETURNS integer LANGUAGE plpgsql
  AS $$
DECLARE
  next_low bigint;
  deleted integer;
BEGIN
  SELECT max(oldest.record_offset) + 1 INTO next_low FROM (
    SELECT r.record_offset, r.appended_at FROM event_record AS r
    WHERE r.topic = in_topic AND r.partition = in_partition ORDER BY r.record_offset LIMIT batch
  ) AS oldest WHERE oldest.appended_at < older_than;
  IF next_low IS NULL THEN RETURN 0; END IF;
  UPDATE event_partition AS p SET low = greatest(p.low, next_low)
    WHERE p.topic = in_topic AND p.partition = in_partition;
  DELETE FROM event_record AS r
    WHERE r.topic = in_topic AND r.partition = in_partition AND r.record_offset < next_low;
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END $$;

GRANT SELECT, INSERT ON event_topic TO tributary_events_app;
GRANT SELECT, INSERT, UPDATE ON event_partition TO tributary_events_app;
GRANT SELECT, INSERT, DELETE ON event_record TO tributary_events_app;
GRANT SELECT, INSERT, UPDATE ON consumer_offset TO tributary_events_app;
