-- An erased account keeps its row, without anything about the person, since others refer to it. Its history is deleted,
-- but for the erasure itself.
ALTER TABLE profile_event DROP CONSTRAINT profile_event_type_check, ADD CONSTRAINT profile_event_type_check
  CHECK (type IN (
    'REGISTERED', 'REGISTERED_AGAIN', 'EMAIL_VERIFIED', 'EMAIL_CHANGED', 'UPDATED', 'PASSWORD_CHANGED', 'SUSPENDED',
    'REINSTATED', 'IMPORTED', 'REBUILT', 'ERASED'
  ));
-- The platform cannot remove a history: this function does so for who is erased, and for nobody else.
CREATE FUNCTION erase_profile_history(erased text) RETURNS void LANGUAGE sql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
  DELETE FROM profile_event WHERE user_id = erased
    AND EXISTS (SELECT 1 FROM "user" WHERE id = erased AND status = 'ERASED')
$$;
REVOKE ALL ON FUNCTION erase_profile_history FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_profile_history TO tributary_user_app;
