-- Versions of records are never changed, except for the form in which their texts are stored. The serving role still cannot update them. By this function it replaces the texts of a
-- version that are not encrypted with the key in use by texts that are, and by nothing else. Which text is in them, the database cannot see.
CREATE FUNCTION reencrypt_record_version(of_hospital uuid, of_record uuid, of_version bigint, new_reason text, new_title text, new_description text,
    new_diagnosis text, new_symptoms text, new_treatment_plan text, new_attachments text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE key_in_use text := (SELECT 'enc1:' || replace(id::text, '-', '') || ':' FROM data_keys WHERE hospital_id = of_hospital AND retired_at IS NULL);
BEGIN
    UPDATE medical_record_versions SET reason = new_reason, title = new_title, description = new_description, diagnosis = new_diagnosis,
        symptoms = new_symptoms, treatment_plan = new_treatment_plan, attachments = new_attachments
    WHERE hospital_id = of_hospital AND record_id = of_record AND version = of_version AND NOT starts_with(title, key_in_use)
        AND starts_with(new_title, key_in_use)
        AND coalesce(new_reason = '' OR starts_with(new_reason, key_in_use), reason IS NULL)
        AND coalesce(new_description = '' OR starts_with(new_description, key_in_use), description IS NULL)
        AND coalesce(new_diagnosis = '' OR starts_with(new_diagnosis, key_in_use), diagnosis IS NULL)
        AND coalesce(new_symptoms = '' OR starts_with(new_symptoms, key_in_use), symptoms IS NULL)
        AND coalesce(new_treatment_plan = '' OR starts_with(new_treatment_plan, key_in_use), treatment_plan IS NULL)
        AND (new_attachments = '{}' AND attachments = '{}' OR cardinality(new_attachments) = 1 AND starts_with(new_attachments[1], key_in_use));
END $$;
REVOKE ALL ON FUNCTION reencrypt_record_version FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reencrypt_record_version TO medcor_clinical;
