-- Requests of patients, or of who acts for them, to correct their name or date of birth. Of a patient, one is open at most: later ones replace it, and the lock
-- of the patient's row in users keeps two from doing so at once.
CREATE TABLE correction_requests (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    requested_by uuid NOT NULL,
    first_name text,
    last_name text,
    date_of_birth date,
    status text NOT NULL DEFAULT 'OPEN' CHECK (status IN ('OPEN', 'CONFIRMED', 'REFUSED', 'REPLACED')),
    decided_by uuid,
    decided_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id),
    FOREIGN KEY (hospital_id, patient_id) REFERENCES users (hospital_id, id));
SELECT seal('correction_requests');
CREATE INDEX correction_requests_by_creation ON correction_requests (hospital_id, created_at, id);
CREATE INDEX correction_requests_by_patient ON correction_requests (hospital_id, patient_id, created_at, id);
CREATE INDEX correction_requests_by_status ON correction_requests (hospital_id, status, created_at, id);
