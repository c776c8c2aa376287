-- The trigger that notes emergency overrides belongs to the trail as a whole, which gives it to each partition. What other services have recorded is copied as it
-- is.
DROP TRIGGER note_emergency_override ON audit_events;
SELECT partition_audit_events();
CREATE TRIGGER note_emergency_override BEFORE INSERT ON audit_events FOR EACH ROW
    WHEN (NEW.service IS NULL AND NEW.patient_id IS NOT NULL AND NEW.role IN ('HOSPITAL_ADMIN', 'DOCTOR', 'NURSE')) EXECUTE FUNCTION note_emergency_override();
