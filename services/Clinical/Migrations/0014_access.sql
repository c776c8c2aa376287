-- Who sees the clinical content of a hospital. A hospital without a row has the defaults of AccessPolicy.
CREATE TABLE access_policies (
    hospital_id uuid PRIMARY KEY REFERENCES known_hospitals,
    mode text NOT NULL CHECK (mode IN ('OPEN', 'CARE_RELATIONSHIP')),
    visit_days integer NOT NULL,
    nurse_days integer NOT NULL,
    notified_user_ids uuid[] NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    changed_by uuid);
SELECT seal('access_policies');

-- Patients whom a doctor or an administrator has taken into the care of a doctor or nurse, until ends_at.
CREATE TABLE referrals (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    user_id uuid NOT NULL,
    referred_by uuid NOT NULL,
    reason text NOT NULL,
    until date NOT NULL,
    ends_at timestamptz NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id));
SELECT seal('referrals');
REVOKE DELETE ON referrals FROM medcor_clinical;
CREATE INDEX referrals_in_force ON referrals (hospital_id, user_id, patient_id, ends_at);
CREATE INDEX referrals_by_creation ON referrals (hospital_id, created_at, id);
CREATE INDEX referrals_by_patient ON referrals (hospital_id, patient_id, created_at, id);
CREATE INDEX referrals_by_user ON referrals (hospital_id, user_id, created_at, id);
CREATE INDEX referrals_by_referrer ON referrals (hospital_id, referred_by, created_at, id);

-- Whose clinical content a user has opened in an emergency, until ends_at. The serving role only adds them and writes the review; ending one is part of that.
CREATE TABLE emergency_overrides (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    user_id uuid NOT NULL,
    reason text NOT NULL,
    minutes integer NOT NULL CHECK (minutes BETWEEN 5 AND 240),
    ends_at timestamptz NOT NULL,
    is_reviewed boolean NOT NULL,
    is_justified boolean,
    reviewed_by uuid,
    reviewed_at timestamptz,
    review_comment text,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id));
SELECT seal('emergency_overrides');
REVOKE UPDATE, DELETE ON emergency_overrides FROM medcor_clinical;
GRANT UPDATE (ends_at, is_reviewed, is_justified, reviewed_by, reviewed_at, review_comment, version, updated_at) ON emergency_overrides TO medcor_clinical;
CREATE INDEX emergency_overrides_in_force ON emergency_overrides (hospital_id, user_id, patient_id, ends_at);
CREATE INDEX emergency_overrides_by_creation ON emergency_overrides (hospital_id, created_at, id);
CREATE INDEX emergency_overrides_by_patient ON emergency_overrides (hospital_id, patient_id, created_at, id);
CREATE INDEX emergency_overrides_by_user ON emergency_overrides (hospital_id, user_id, created_at, id);
CREATE INDEX emergency_overrides_by_review ON emergency_overrides (hospital_id, is_reviewed, created_at, id);

-- Records that only those who treat the patient see, whatever the policy.
ALTER TABLE medical_records ADD COLUMN is_restricted boolean NOT NULL DEFAULT false;
ALTER TABLE medical_record_versions ADD COLUMN is_restricted boolean NOT NULL DEFAULT false;

-- Programs with a service account have nobody in their care. Those that are known already are told from people by the last name of all service accounts.
ALTER TABLE people ADD COLUMN is_program boolean NOT NULL DEFAULT false;
SELECT set_config('medcor.hospital', '*', true);
UPDATE people SET is_program = true WHERE role IN ('ADMIN', 'NURSE') AND last_name = '(service account)';

-- The doctor or nurse who chose the time by moving the appointment, unless the patient was in their care by a visit before. Null in what earlier versions move.
ALTER TABLE appointments ADD COLUMN moved_by uuid;

-- What a user has written, for lists of those who see little else. On large tables they are built before, CONCURRENTLY, by hand.
CREATE INDEX IF NOT EXISTS medical_records_by_author ON medical_records (hospital_id, author_id, created_at, id);
CREATE INDEX IF NOT EXISTS treatments_by_author ON treatments (hospital_id, author_id, created_at, id);

-- Tells whether a hospital has any restricted record. It is empty at first, but building it reads the table once.
CREATE INDEX medical_records_restricted ON medical_records (hospital_id) WHERE is_restricted;

-- For how long around a visit it is a relation. The defaults are those of AccessPolicy.
CREATE VIEW care_periods WITH (security_invoker = true) AS
SELECT h.hospital_id, coalesce(p.visit_days, 365) AS visit_days, coalesce(p.nurse_days, 1) AS nurse_days
FROM known_hospitals h LEFT JOIN access_policies p ON p.hospital_id = h.hospital_id;

-- The same of the hospital whose rows are read; where it is all hospitals, the greatest days that a policy can have.
CREATE VIEW greatest_care_period WITH (security_invoker = true) AS
SELECT coalesce(max(visit_days), 3650) AS visit_days, coalesce(max(nurse_days), 90) AS nurse_days
FROM care_periods WHERE hospital_id = nullif(nullif(current_setting('medcor.hospital', true), ''), '*')::uuid;

-- In whose care a patient is at this moment, and why: the one definition of it. It is decided by the database's clock, so that a relation ends at the same moment at every
-- replica. A visit is none for whoever booked or moved it: nobody can take a patient into their own care.
-- Row-level security keeps conditions that compute with columns from the indexes. So days without columns are compared with, too, which are read once for a query.
CREATE VIEW care_relations WITH (security_invoker = true) AS
SELECT a.hospital_id, a.patient_id, a.doctor_id AS user_id, 'VISIT' AS basis
FROM care_periods c
JOIN appointments a ON a.hospital_id = c.hospital_id
    AND a.starts_at BETWEEN statement_timestamp() - c.visit_days * interval '1 day' AND statement_timestamp() + c.visit_days * interval '1 day'
WHERE a.status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED')
    AND a.appointment_date >= (SELECT current_date - visit_days - 2 FROM greatest_care_period)
    AND a.appointment_date <= (SELECT current_date + visit_days + 2 FROM greatest_care_period)
    AND a.booked_by IS DISTINCT FROM a.doctor_id AND a.moved_by IS DISTINCT FROM a.doctor_id
UNION ALL
SELECT a.hospital_id, a.patient_id, n.id, 'SHIFT'
FROM care_periods c
JOIN people n ON n.hospital_id = c.hospital_id AND n.role = 'NURSE' AND NOT n.is_program
JOIN appointments a ON a.hospital_id = c.hospital_id
    AND a.starts_at BETWEEN statement_timestamp() - c.nurse_days * interval '1 day' AND statement_timestamp() + c.nurse_days * interval '1 day'
WHERE a.status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED')
    AND a.starts_at >= (SELECT statement_timestamp() - nurse_days * interval '1 day' FROM greatest_care_period)
    AND a.starts_at <= (SELECT statement_timestamp() + nurse_days * interval '1 day' FROM greatest_care_period)
    AND a.booked_by IS DISTINCT FROM n.id AND a.moved_by IS DISTINCT FROM n.id
UNION ALL
SELECT hospital_id, patient_id, user_id, 'REFERRAL' FROM referrals WHERE ends_at > statement_timestamp()
UNION ALL
SELECT hospital_id, patient_id, user_id, 'EMERGENCY' FROM emergency_overrides WHERE ends_at > statement_timestamp();

-- Whether a user sees what is written about a patient, restricted records aside. A function, so that the plans of its queries are kept: it is called for each appointment of a page.
CREATE FUNCTION sees_content(hospital uuid, patient uuid, reader uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM access_policies WHERE hospital_id = hospital AND mode = 'CARE_RELATIONSHIP') THEN
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM care_relations WHERE hospital_id = hospital AND patient_id = patient AND user_id = reader);
END $$;
