-- From which day a schedule holds, and the ones that held before it: Analytics counts a past day by the schedule of then. What was set before this was kept holds from the beginning.
ALTER TABLE schedules ADD COLUMN valid_from date NOT NULL DEFAULT '-infinity';
CREATE TABLE former_schedules (
    hospital_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    version bigint NOT NULL,
    valid_from date NOT NULL,
    timetable jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, doctor_id, version));
SELECT seal('former_schedules');
