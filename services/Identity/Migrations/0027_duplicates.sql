-- Pairs of patients who may be the same person: rebuilt for a patient a moment after the patient has changed. reasons: their names in the contract, with commas
-- between.
CREATE TABLE duplicate_candidates (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL UNIQUE,
    first_id uuid NOT NULL,
    second_id uuid NOT NULL,
    score integer NOT NULL,
    reasons text NOT NULL,
    PRIMARY KEY (hospital_id, first_id, second_id));
CREATE INDEX duplicate_candidates_by_score ON duplicate_candidates (hospital_id, score, id);
CREATE INDEX duplicate_candidates_by_second ON duplicate_candidates (hospital_id, second_id);
SELECT seal('duplicate_candidates');

-- The patients with whom one is compared: of the same birth date, or with the same name in any order, phone number, contact address or number. Each is looked
-- up in an index, and a value that too many share, which says nothing of who they are, is looked up in part.
CREATE FUNCTION comparable_patients(patient uuid) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    SELECT DISTINCT c.id
    FROM public.users p
    CROSS JOIN LATERAL (
        (SELECT u.id FROM public.users u
        WHERE u.hospital_id = p.hospital_id AND u.role = 'PATIENT' AND u.date_of_birth = p.date_of_birth ORDER BY u.id LIMIT 200)
        UNION ALL
        (SELECT same.patient_id FROM public.patient_keys k
        CROSS JOIN LATERAL (
            SELECT o.patient_id FROM public.patient_keys o
            WHERE o.hospital_id = k.hospital_id AND o.kind = k.kind AND o.key = k.key ORDER BY o.patient_id LIMIT 50) AS same
        WHERE k.hospital_id = p.hospital_id AND k.patient_id = p.id AND k.kind IN ('NAME', 'EMAIL', 'NUMBER'))
        UNION ALL
        (SELECT same.patient_id FROM public.patient_keys k
        CROSS JOIN LATERAL (
            SELECT o.patient_id FROM public.patient_keys o
            WHERE o.hospital_id = k.hospital_id AND o.kind = 'PHONE' AND o.key >= left(k.key, 7) AND o.key < left(k.key, 7) || chr(1114111)
            ORDER BY o.key LIMIT 50) AS same
        WHERE k.hospital_id = p.hospital_id AND k.patient_id = p.id AND k.kind = 'PHONE' AND length(k.key) >= 7)) AS c (id)
    WHERE p.id = patient AND p.role = 'PATIENT' AND p.merged_into_id IS NULL AND c.id <> patient
$$;
