CREATE TABLE medical_records (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL CONSTRAINT medical_records_id UNIQUE,
    patient_id uuid NOT NULL,
    doctor_id uuid,
    author_id uuid NOT NULL,
    record_type text NOT NULL,
    status text NOT NULL CHECK (status IN ('ACTIVE', 'ENTERED_IN_ERROR')),
    title text NOT NULL,
    description text,
    diagnosis text,
    symptoms text,
    treatment_plan text,
    attachments text[] NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id));
SELECT seal('medical_records');
REVOKE DELETE ON medical_records FROM medcor_clinical;

CREATE INDEX medical_records_by_creation ON medical_records (hospital_id, created_at, id);
CREATE INDEX medical_records_by_patient ON medical_records (hospital_id, patient_id, created_at, id);
CREATE INDEX medical_records_by_type ON medical_records (hospital_id, record_type, created_at, id);

-- Everything that a record ever said, the present included. Only ever added to: the serving role can do nothing else.
CREATE TABLE medical_record_versions (
    hospital_id uuid NOT NULL,
    record_id uuid NOT NULL,
    version bigint NOT NULL,
    author_id uuid NOT NULL,
    written_at timestamptz NOT NULL,
    reason text,
    status text NOT NULL,
    title text NOT NULL,
    description text,
    diagnosis text,
    symptoms text,
    treatment_plan text,
    attachments text[] NOT NULL,
    PRIMARY KEY (hospital_id, record_id, version),
    FOREIGN KEY (hospital_id, record_id) REFERENCES medical_records (hospital_id, id));
SELECT seal('medical_record_versions');
REVOKE UPDATE, DELETE ON medical_record_versions FROM medcor_clinical;

CREATE TABLE treatments (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL CONSTRAINT treatments_id UNIQUE,
    patient_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    author_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('ACTIVE', 'COMPLETED', 'DISCONTINUED')),
    name text NOT NULL,
    description text,
    medications jsonb NOT NULL,
    instructions text,
    notes text,
    follow_up_date date,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id));
SELECT seal('treatments');
REVOKE DELETE ON treatments FROM medcor_clinical;

CREATE INDEX treatments_by_creation ON treatments (hospital_id, created_at, id);
CREATE INDEX treatments_by_patient ON treatments (hospital_id, patient_id, created_at, id);
CREATE INDEX treatments_by_doctor ON treatments (hospital_id, doctor_id, created_at, id);
CREATE INDEX treatments_by_status ON treatments (hospital_id, status, created_at, id);
