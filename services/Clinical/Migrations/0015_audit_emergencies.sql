-- The emergency override under which an access was made. Null in what was recorded before, as the chain's hashes want it.
ALTER TABLE audit_events ADD COLUMN emergency_override_id uuid;

-- Set by the database itself, so that no way of recording forgets it. An access is recorded after it was made: an override that has just ended still counts.
CREATE FUNCTION note_emergency_override() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.emergency_override_id := (
        SELECT id FROM emergency_overrides
        WHERE hospital_id = NEW.hospital_id AND user_id = NEW.user_id AND patient_id = NEW.patient_id
            AND ends_at > statement_timestamp() - interval '30 seconds'
        ORDER BY ends_at DESC LIMIT 1);
    RETURN NEW;
END $$;
CREATE TRIGGER note_emergency_override BEFORE INSERT ON audit_events FOR EACH ROW
    WHEN (NEW.patient_id IS NOT NULL AND NEW.role IN ('HOSPITAL_ADMIN', 'DOCTOR', 'NURSE')) EXECUTE FUNCTION note_emergency_override();
