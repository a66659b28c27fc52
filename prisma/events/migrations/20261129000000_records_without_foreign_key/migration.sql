-- The foreign key looked the partition up for every record, which was a third of the work of an append. It proved nothing:
-- event_append holds the partition's row, and nothing else writes records. What it did besides, a trigger does: the
-- records of a deleted topic go with it.
ALTER TABLE event_record DROP CONSTRAINT event_record_topic_partition_fkey;

CREATE FUNCTION event_partition_deleted() RETURNS trigger LANGUAGE plpgsql
  AS $$
BEGIN
  DELETE FROM event_record WHERE topic = OLD.topic AND partition = OLD.partition;
  RETURN NULL;
END $$;
CREATE TRIGGER records_go_too AFTER DELETE ON event_partition
  FOR EACH ROW EXECUTE FUNCTION event_partition_deleted();
