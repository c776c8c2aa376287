-- The schedules of each doctor by the day from which they hold, so that a past day keeps the hours it had; of those that were set on one day the last alone counts. On a day holds the
-- highest version of those that are valid by then. What was known before this holds from the beginning.
CREATE TABLE schedule_versions (
    hospital_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    valid_from date NOT NULL,
    schedule jsonb NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (hospital_id, doctor_id, valid_from));
SELECT seal('schedule_versions');
SELECT set_config('medcor.hospital', '*', true);
INSERT INTO schedule_versions SELECT hospital_id, doctor_id, '-infinity', schedule, version FROM schedules;

-- Replicas of the version before write into schedules alone, which nothing else uses any more: both may be dropped one version later.
CREATE FUNCTION keep_schedule_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO schedule_versions AS s
    VALUES (NEW.hospital_id, NEW.doctor_id, ((NEW.schedule ->> 'updated_at')::timestamptz AT TIME ZONE (NEW.schedule ->> 'time_zone'))::date, NEW.schedule, NEW.version)
    ON CONFLICT (hospital_id, doctor_id, valid_from) DO UPDATE SET schedule = excluded.schedule, version = excluded.version WHERE s.version < excluded.version;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_schedule_version AFTER INSERT OR UPDATE ON schedules FOR EACH ROW EXECUTE FUNCTION keep_schedule_version();
