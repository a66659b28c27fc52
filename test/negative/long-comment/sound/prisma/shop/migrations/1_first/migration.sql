-- The checksum of a released migration is pinned, so a comment in one stays as it is, however long it was written at the time.
SELECT 1;
