-- One row per appointment, as its latest event told it. Everything that is counted is counted from here.
CREATE TABLE visits (
    hospital_id uuid NOT NULL,
    appointment_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    status text NOT NULL,
    day date NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL,
    rating smallint,
    version bigint NOT NULL,
    PRIMARY KEY (hospital_id, appointment_id));
SELECT seal('visits');
CREATE INDEX visits_by_day ON visits (hospital_id, day);
CREATE INDEX visits_by_doctor ON visits (hospital_id, doctor_id, day);
