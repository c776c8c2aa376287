CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE appointments (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL CONSTRAINT appointments_id UNIQUE,
    patient_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    appointment_date date NOT NULL,
    appointment_time time NOT NULL,
    duration_minutes integer NOT NULL,
    time_zone text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at = starts_at + duration_minutes * interval '1 minute'),
    reason text NOT NULL,
    notes text,
    status text NOT NULL CHECK (status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED', 'NO_SHOW')),
    rating smallint CHECK (rating BETWEEN 1 AND 5),
    rating_comment text,
    rescheduled_from uuid,
    rescheduled_to uuid,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id),

    -- Nobody is at two places at once, whatever the load, the replicas or the crashes. Half-open: one may begin when another ends.
    -- Who was cancelled, moved away or did not come takes nobody's time.
    CONSTRAINT appointments_of_doctor EXCLUDE USING gist (hospital_id WITH =, doctor_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&)
        WHERE (status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED')),
    CONSTRAINT appointments_of_patient EXCLUDE USING gist (hospital_id WITH =, patient_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&)
        WHERE (status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED')));
SELECT seal('appointments');

CREATE INDEX appointments_by_doctor ON appointments (hospital_id, doctor_id, appointment_date, appointment_time);
CREATE INDEX appointments_by_patient ON appointments (hospital_id, patient_id, appointment_date, appointment_time);
CREATE INDEX appointments_by_status ON appointments (hospital_id, status, appointment_date, appointment_time);
CREATE INDEX appointments_by_date ON appointments (hospital_id, appointment_date, appointment_time);
CREATE INDEX appointments_by_creation ON appointments (hospital_id, created_at);

-- Two inserts that exclude each other would each wait for the other's end until the deadlock detector shot one of them, a second later.
-- So whoever books a person, or frees their time, does it in turn: doctor and patient are locked first, always in the same order.
CREATE FUNCTION book_in_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(least(NEW.doctor_id, NEW.patient_id)::text, 0));
    PERFORM pg_advisory_xact_lock(hashtextextended(greatest(NEW.doctor_id, NEW.patient_id)::text, 0));
    RETURN NEW;
END $$;
CREATE TRIGGER book_in_turn BEFORE INSERT OR UPDATE OF status ON appointments FOR EACH ROW EXECUTE FUNCTION book_in_turn();
