-- The reason of an emergency override is never changed, except for the form in which it is stored. The serving role still cannot update it. By this function it replaces the texts of an
-- override that are not encrypted with the key in use by texts that are, and by nothing else. Which text is in them, the database cannot see. A comment that was written meanwhile stays.
-- Returns whether all texts of the override are encrypted with the key in use.
CREATE FUNCTION reencrypt_emergency_override(of_hospital uuid, of_id uuid, of_version bigint, new_reason text, new_comment text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE key_in_use text := (SELECT 'enc1:' || replace(id::text, '-', '') || ':' FROM data_keys WHERE hospital_id = of_hospital AND retired_at IS NULL);
BEGIN
    UPDATE emergency_overrides SET reason = new_reason
    WHERE hospital_id = of_hospital AND id = of_id AND reason <> '' AND NOT starts_with(reason, key_in_use) AND starts_with(new_reason, key_in_use);
    UPDATE emergency_overrides SET review_comment = new_comment
    WHERE hospital_id = of_hospital AND id = of_id AND version = of_version
        AND review_comment <> '' AND NOT starts_with(review_comment, key_in_use) AND starts_with(new_comment, key_in_use);
    RETURN EXISTS (
        SELECT FROM emergency_overrides WHERE hospital_id = of_hospital AND id = of_id
            AND (reason = '' OR starts_with(reason, key_in_use)) AND (coalesce(review_comment, '') = '' OR starts_with(review_comment, key_in_use)));
END $$;
REVOKE ALL ON FUNCTION reencrypt_emergency_override FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reencrypt_emergency_override TO medcor_clinical;
