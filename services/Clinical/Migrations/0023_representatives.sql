-- Users with the role of a patient who act for other patients, as guardians or proxies, until ends_at. They are ended and never deleted: they say who acted for
-- whom.
CREATE TABLE representatives (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('GUARDIAN', 'PROXY')),
    sees_restricted boolean NOT NULL,
    reason text NOT NULL,
    until date NOT NULL,
    ends_at timestamptz NOT NULL,
    registered_by uuid NOT NULL,
    ended_by uuid,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, id),
    CONSTRAINT representatives_of_others CHECK (user_id <> patient_id));
SELECT seal('representatives');
REVOKE DELETE ON representatives FROM medcor_clinical;
CREATE INDEX representatives_in_force ON representatives (hospital_id, user_id, patient_id, ends_at);
CREATE INDEX representatives_by_creation ON representatives (hospital_id, created_at, id);
CREATE INDEX representatives_by_patient ON representatives (hospital_id, patient_id, created_at, id);
CREATE INDEX representatives_by_user ON representatives (hospital_id, user_id, created_at, id);

-- For whom a user acts at this moment: the one definition of it. It is decided by the database's clock, so that a relation ends at the same moment at every
-- replica. Nobody acts for a patient who is inactive or was merged into another one.
CREATE VIEW represented_patients WITH (security_invoker = true) AS
SELECT r.hospital_id, r.patient_id, r.user_id, r.sees_restricted
FROM representatives r
JOIN people p ON p.hospital_id = r.hospital_id AND p.id = r.patient_id AND p.role = 'PATIENT' AND p.is_active
WHERE r.ends_at > statement_timestamp();

-- Merges move relations of either side to the surviving patient; moved_rows keeps whose they were.
CREATE TRIGGER follow_merge BEFORE INSERT ON representatives FOR EACH ROW EXECUTE FUNCTION follow_merge();
CREATE TRIGGER await_merge BEFORE INSERT ON representatives FOR EACH ROW EXECUTE FUNCTION await_merge();

-- The guardian or proxy who has acted for the patient, of several the last.
ALTER TABLE appointments ADD COLUMN represented_by uuid;
