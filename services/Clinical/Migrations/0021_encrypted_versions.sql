-- Versions of records are never changed, except for the form in which their texts are stored. The serving role still cannot update them. By this function it replaces the texts of a
-- version of which one is not encrypted with the key in use by texts that all are, and by nothing else: a version without a text gets none, and none is taken away. Which text is in
-- them, the database cannot see. Returns whether all texts of the version are encrypted with the key in use.
CREATE FUNCTION reencrypt_record_version(of_hospital uuid, of_record uuid, of_version bigint, new_reason text, new_title text, new_description text,
    new_diagnosis text, new_symptoms text, new_treatment_plan text, new_attachments text[]) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    key_in_use text := (SELECT 'enc1:' || replace(id::text, '-', '') || ':' FROM data_keys WHERE hospital_id = of_hospital AND retired_at IS NULL);
    stored medical_record_versions;
BEGIN
    SELECT * INTO stored FROM medical_record_versions WHERE hospital_id = of_hospital AND record_id = of_record AND version = of_version FOR UPDATE;
    IF NOT FOUND OR key_in_use IS NULL THEN RETURN false; END IF;
    IF (SELECT bool_and(starts_with(was, key_in_use))
        FROM unnest(ARRAY[stored.reason, stored.title, stored.description, stored.diagnosis, stored.symptoms, stored.treatment_plan] || stored.attachments) AS was
        WHERE was <> '') IS NOT FALSE THEN RETURN true; END IF;
    IF EXISTS (
        SELECT FROM unnest(
            ARRAY[stored.reason, stored.title, stored.description, stored.diagnosis, stored.symptoms, stored.treatment_plan],
            ARRAY[new_reason, new_title, new_description, new_diagnosis, new_symptoms, new_treatment_plan]) AS texts (was, becomes)
        WHERE CASE WHEN coalesce(was, '') = '' THEN becomes IS DISTINCT FROM was ELSE starts_with(becomes, key_in_use) IS NOT TRUE END)
        OR (CASE WHEN stored.attachments = '{}' THEN new_attachments <> '{}'
            ELSE (cardinality(new_attachments) = 1 AND starts_with(new_attachments[1], key_in_use)) IS NOT TRUE END)
        THEN RETURN false; END IF;
    UPDATE medical_record_versions SET reason = new_reason, title = new_title, description = new_description, diagnosis = new_diagnosis,
        symptoms = new_symptoms, treatment_plan = new_treatment_plan, attachments = new_attachments
    WHERE hospital_id = of_hospital AND record_id = of_record AND version = of_version;
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION reencrypt_record_version FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reencrypt_record_version TO medcor_clinical;
