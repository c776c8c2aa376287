-- Where a hospital's patients are sent. A code means one department, however it is written.
CREATE TABLE departments (
    hospital_id uuid NOT NULL REFERENCES hospitals,
    id uuid NOT NULL,
    name text NOT NULL,
    code text NOT NULL,
    description text,
    phone_number text,
    location text,
    triage_levels integer[] NOT NULL,
    is_active boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id));
SELECT seal('departments');
CREATE UNIQUE INDEX departments_code ON departments (hospital_id, lower(code));
