-- Duplicates that were merged, as Identity's events say. version is that of the merge there, so that a late event never undoes a newer one.
CREATE TABLE patient_merges (
    hospital_id uuid NOT NULL,
    merge_id uuid NOT NULL,
    surviving_id uuid NOT NULL,
    merged_id uuid NOT NULL,
    is_merged boolean NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (hospital_id, merge_id));
CREATE INDEX patient_merges_by_merged ON patient_merges (hospital_id, merged_id) WHERE is_merged;
CREATE INDEX patient_merges_by_surviving ON patient_merges (hospital_id, surviving_id) WHERE is_merged;
SELECT seal('patient_merges');

-- The rows that a merge moved to the surviving patient, for moving back exactly these. overlapped: whether an appointment was one of those below before.
CREATE TABLE moved_rows (
    hospital_id uuid NOT NULL,
    merge_id uuid NOT NULL,
    kind text NOT NULL,
    row_id uuid NOT NULL,
    overlapped boolean NOT NULL,
    PRIMARY KEY (hospital_id, merge_id, kind, row_id));
SELECT seal('moved_rows');

-- Appointments of a merged patient that overlap one of the surviving patient. They stay booked until somebody decides, so the constraint leaves them out;
-- nothing new can be booked at their time either (below). The constraint is built anew, for which appointments cannot be used: some seconds for a million of
-- them.
ALTER TABLE appointments ADD COLUMN overlaps_merged boolean NOT NULL DEFAULT false;
ALTER TABLE appointments DROP CONSTRAINT appointments_of_patient;
ALTER TABLE appointments ADD CONSTRAINT appointments_of_patient
    EXCLUDE USING gist (hospital_id WITH =, patient_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&)
    WHERE (status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED') AND NOT overlaps_merged);
CREATE INDEX appointments_that_overlap ON appointments (hospital_id, patient_id) WHERE overlaps_merged;

CREATE OR REPLACE FUNCTION book_in_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(least(NEW.doctor_id, NEW.patient_id)::text, 0));
    PERFORM pg_advisory_xact_lock(hashtextextended(greatest(NEW.doctor_id, NEW.patient_id)::text, 0));
    IF TG_OP = 'INSERT' AND EXISTS (
        SELECT FROM appointments a
        WHERE a.hospital_id = NEW.hospital_id AND a.patient_id = NEW.patient_id AND a.overlaps_merged AND a.status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED')
            AND tstzrange(a.starts_at, a.ends_at, '[)') && tstzrange(NEW.starts_at, NEW.ends_at, '[)')) THEN
        RAISE EXCEPTION 'The patient is booked then.' USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'appointments_of_patient';
    END IF;
    RETURN NEW;
END $$;

-- Whatever is still added for a merged patient, by a call that began before, is the surviving patient's; unless that one is just being merged into another,
-- for which this waits as await_merge() does below.
CREATE FUNCTION follow_merge() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE surviving uuid;
BEGIN
    LOOP
        SELECT m.surviving_id INTO surviving FROM patient_merges m
        WHERE m.hospital_id = NEW.hospital_id AND m.merged_id = NEW.patient_id AND m.is_merged LIMIT 1;
        EXIT WHEN surviving IS NULL;
        NEW.patient_id := surviving;
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('rows of ' || surviving::text, 0));
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER follow_merge BEFORE INSERT ON appointments FOR EACH ROW EXECUTE FUNCTION follow_merge();
CREATE TRIGGER follow_merge BEFORE INSERT ON medical_records FOR EACH ROW EXECUTE FUNCTION follow_merge();
CREATE TRIGGER follow_merge BEFORE INSERT ON treatments FOR EACH ROW EXECUTE FUNCTION follow_merge();
CREATE TRIGGER follow_merge BEFORE INSERT ON referrals FOR EACH ROW EXECUTE FUNCTION follow_merge();
CREATE TRIGGER follow_merge BEFORE INSERT ON emergency_overrides FOR EACH ROW EXECUTE FUNCTION follow_merge();

-- Whose content an override has opened changes by a merge alone; moved_rows keeps whose it was.
GRANT UPDATE (patient_id) ON emergency_overrides TO medcor_clinical;

-- A merge waits for the rows that are being added for the merged patient, and later ones wait for it (PatientMerger); those of other patients wait for
-- nothing. Before follow_merge, by the order of the names. Bookings have locks of their own.
CREATE FUNCTION await_merge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('rows of ' || NEW.patient_id::text, 0));
    RETURN NEW;
END $$;
CREATE TRIGGER await_merge BEFORE INSERT ON medical_records FOR EACH ROW EXECUTE FUNCTION await_merge();
CREATE TRIGGER await_merge BEFORE INSERT ON treatments FOR EACH ROW EXECUTE FUNCTION await_merge();
CREATE TRIGGER await_merge BEFORE INSERT ON referrals FOR EACH ROW EXECUTE FUNCTION await_merge();
CREATE TRIGGER await_merge BEFORE INSERT ON emergency_overrides FOR EACH ROW EXECUTE FUNCTION await_merge();
