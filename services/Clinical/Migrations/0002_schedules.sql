CREATE TABLE schedules (
    hospital_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    id uuid NOT NULL,
    timetable jsonb NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, doctor_id));
SELECT seal('schedules');
