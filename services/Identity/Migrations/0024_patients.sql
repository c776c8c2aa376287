-- What is known of a patient. merged_into_id: the patient of whom this one is a duplicate. The columns' defaults are constant, so no row is written anew for
-- them.
ALTER TABLE users
    ADD COLUMN mrn text,
    ADD COLUMN demographics jsonb NOT NULL DEFAULT '{"contacts": [], "next_of_kin": [], "identifiers": []}',
    ADD COLUMN merged_into_id uuid;
-- The few that were merged.
CREATE INDEX users_by_merge ON users (hospital_id, merged_into_id) WHERE merged_into_id IS NOT NULL;

-- What a patient is found by. Only equality and order of bytes are compared, which row-level security lets an index answer, and an exact index serves
-- everything:
-- MRN, IDENTIFIER: the number, and with who issued it, in one case. Unique in the hospital. FORMER_MRN, FORMER_IDENTIFIER: those of a merged patient, which the
-- surviving one may be given, and nobody else (index_patient).
-- NAME: two words of the name, each followed by each other one, or the only one. So a search finds "schubert an" and "anna sch" alike, at one place of the
-- index.
-- PHONE: the digits from the last to the first, as phone_key() says. EMAIL: the addresses of the patient and the contacts. NUMBER: of identifiers, whoever
-- issued them, where they are long enough to be rare.
CREATE TABLE patient_keys (
    hospital_id uuid NOT NULL,
    kind text NOT NULL,
    key text COLLATE "C" NOT NULL,
    patient_id uuid NOT NULL,
    PRIMARY KEY (hospital_id, kind, key, patient_id));
SELECT seal('patient_keys');
CREATE INDEX patient_keys_by_patient ON patient_keys (hospital_id, patient_id);
CREATE UNIQUE INDEX patient_keys_mrn ON patient_keys (hospital_id, key) WHERE kind = 'MRN';
CREATE UNIQUE INDEX patient_keys_identifier ON patient_keys (hospital_id, key) WHERE kind = 'IDENTIFIER';

-- Patients who are new or have changed, and whom the service still has to compare with the others: the latest first, who do not wait for all patients of a
-- hospital after an upgrade, and those last whose comparison has failed. One who changes twice is in it twice: so no change waits for a comparison.
CREATE TABLE patients_to_compare (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hospital_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    failures integer NOT NULL DEFAULT 0);
CREATE INDEX patients_to_compare_next ON patients_to_compare (failures, position DESC);
SELECT seal('patients_to_compare');

-- The words of a name, folded: O'Brien is one, Anne-Marie are two.
CREATE FUNCTION name_words(value text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(left(w.word, 40) ORDER BY w.n), '{}')
    FROM unnest(string_to_array(translate(translate(public.folded_text(value), '''’ʼ', ''), E'!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~·–—', repeat(' ', 40)), ' '))
        WITH ORDINALITY AS w (word, n)
    WHERE w.word <> ''
$$;

-- The digits of a number from the last to the first, without an extension and the zeros that it begins with: so numbers with and without the prefixes of a
-- country and a city begin alike.
CREATE FUNCTION phone_key(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT reverse(ltrim(regexp_replace(regexp_replace(replace(value, '(0)', ''), '[xX].*$', ''), '[^0-9]', '', 'g'), '0'))
$$;

CREATE FUNCTION keys_of_patient(patient users) RETURNS TABLE (kind text, key text) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    WITH words AS (
        SELECT w.word, w.n FROM unnest((public.name_words(patient.first_name || ' ' || patient.last_name))[1:6]) WITH ORDINALITY AS w (word, n)),
    contacts AS (
        SELECT c.value FROM jsonb_array_elements(patient.demographics -> 'contacts') AS c (value)),
    numbers AS (
        SELECT public.phone_key(patient.phone_number) AS key UNION ALL SELECT public.phone_key(value ->> 'phone_number') FROM contacts),
    identifiers AS (
        SELECT i.value ->> 'system' AS system, i.value ->> 'value' AS number FROM jsonb_array_elements(patient.demographics -> 'identifiers') AS i (value)),
    former AS (
        SELECT CASE WHEN patient.merged_into_id IS NULL THEN '' ELSE 'FORMER_' END AS prefix)
    SELECT former.prefix || 'MRN', upper(patient.mrn) FROM former WHERE patient.mrn IS NOT NULL
    UNION SELECT 'NAME', a.word || coalesce(' ' || b.word, '') FROM words a LEFT JOIN words b ON b.n <> a.n
    UNION SELECT 'PHONE', numbers.key FROM numbers WHERE numbers.key <> ''
    UNION SELECT 'EMAIL', lower(patient.email) WHERE patient.email IS NOT NULL
    UNION SELECT 'EMAIL', lower(value ->> 'email') FROM contacts WHERE value ->> 'email' IS NOT NULL
    UNION SELECT former.prefix || 'IDENTIFIER', lower(system) || E'\x1f' || upper(number) FROM identifiers, former
    UNION SELECT 'NUMBER', n.key FROM (SELECT regexp_replace(upper(number), '[^0-9A-Z]', '', 'g') AS key FROM identifiers) AS n WHERE length(n.key) >= 6
$$;

-- A number of ten digits that no patient of the hospital has. Those that begin with 9 are for 0025_patient_numbers.
CREATE FUNCTION draw_mrn(hospital uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE drawn text;
BEGIN
    LOOP
        drawn := (1000000000 + floor(random() * 8000000000))::bigint::text;
        EXIT WHEN NOT EXISTS (
            SELECT FROM public.patient_keys k WHERE k.hospital_id = hospital AND k.kind IN ('MRN', 'FORMER_MRN') AND k.key = drawn);
    END LOOP;
    RETURN drawn;
END $$;

-- Processes of the version before know nothing of numbers and keys; whoever writes a patient, these are right.
CREATE FUNCTION number_patient() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.mrn := public.draw_mrn(NEW.hospital_id);
    RETURN NEW;
END $$;
CREATE TRIGGER number_patient BEFORE INSERT OR UPDATE OF role ON users FOR EACH ROW
    WHEN (NEW.role = 'PATIENT' AND NEW.mrn IS NULL) EXECUTE FUNCTION number_patient();

-- The patient with whom a patient goes on who may have been merged, perhaps more than once.
CREATE FUNCTION surviving_patient(hospital uuid, patient uuid) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    surviving uuid := patient;
    merged_into uuid;
BEGIN
    LOOP
        SELECT u.merged_into_id INTO merged_into FROM public.users u WHERE u.hospital_id = hospital AND u.id = surviving;
        EXIT WHEN merged_into IS NULL;
        surviving := merged_into;
    END LOOP;
    RETURN surviving;
END $$;

CREATE FUNCTION index_patient() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was_patient boolean := false;
    taken text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was_patient := OLD.role = 'PATIENT';
        IF was_patient THEN DELETE FROM public.patient_keys k WHERE k.hospital_id = OLD.hospital_id AND k.patient_id = OLD.id; END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN NULL; END IF;
    IF NEW.role = 'PATIENT' THEN
        INSERT INTO public.patient_keys (hospital_id, kind, key, patient_id)
        SELECT NEW.hospital_id, k.kind, k.key, NEW.id FROM public.keys_of_patient(NEW) k;
        -- The indexes refuse the number of another patient; this refuses that of a merged one, except to those who are the same person.
        SELECT own.base INTO taken
        FROM (
            SELECT k.key, replace(k.kind, 'FORMER_', '') AS base FROM public.patient_keys k
            WHERE k.hospital_id = NEW.hospital_id AND k.patient_id = NEW.id AND k.kind IN ('MRN', 'IDENTIFIER', 'FORMER_MRN', 'FORMER_IDENTIFIER')) AS own
        CROSS JOIN LATERAL unnest(ARRAY[own.base, 'FORMER_' || own.base]) AS k (kind)
        CROSS JOIN LATERAL (
            SELECT o.patient_id FROM public.patient_keys o
            WHERE o.hospital_id = NEW.hospital_id AND o.kind = k.kind AND o.key = own.key AND o.patient_id <> NEW.id
                AND public.surviving_patient(NEW.hospital_id, o.patient_id) <> public.surviving_patient(NEW.hospital_id, NEW.id)
            LIMIT 1) AS other
        LIMIT 1;
        IF taken IS NOT NULL THEN
            RAISE EXCEPTION 'A merged patient has this number.' USING ERRCODE = 'unique_violation', CONSTRAINT = 'patient_keys_' || lower(taken);
        END IF;
    END IF;
    IF was_patient OR NEW.role = 'PATIENT' THEN
        INSERT INTO public.patients_to_compare (hospital_id, patient_id) VALUES (NEW.hospital_id, NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER index_patient AFTER INSERT OR DELETE
    OR UPDATE OF role, email, first_name, last_name, date_of_birth, phone_number, mrn, demographics, merged_into_id ON users
    FOR EACH ROW EXECUTE FUNCTION index_patient();
