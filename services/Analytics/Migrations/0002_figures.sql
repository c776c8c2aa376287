-- What is counted, and the counters that are read instead of the rows. A counter changes in the statement that changes its row: each event moves
-- its own row first and then one counter, always in this order, so that no two wait for each other.

-- A doctor's day. Booked minutes and waits are of the appointments that take or took their time: scheduled, in progress, completed.
CREATE TABLE doctor_days (
    hospital_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    day date NOT NULL,
    scheduled integer NOT NULL,
    in_progress integer NOT NULL,
    completed integer NOT NULL,
    cancelled integer NOT NULL,
    no_shows integer NOT NULL,
    booked_minutes integer NOT NULL,
    wait_seconds bigint NOT NULL,
    ratings integer NOT NULL,
    rating_sum integer NOT NULL,
    PRIMARY KEY (hospital_id, doctor_id, day));
CREATE INDEX doctor_days_by_day ON doctor_days (hospital_id, day);
SELECT seal('doctor_days');

-- The months that have anything to report.
CREATE TABLE months (
    hospital_id uuid NOT NULL,
    month date NOT NULL,
    PRIMARY KEY (hospital_id, month));
SELECT seal('months');

-- For counting different patients within a period.
CREATE INDEX visits_seen ON visits (hospital_id, day, patient_id) WHERE status = 'COMPLETED';
CREATE INDEX visits_seen_by_doctor ON visits (hospital_id, doctor_id, day, patient_id) WHERE status = 'COMPLETED';
DROP INDEX visits_by_day;
DROP INDEX visits_by_doctor;

-- Takes what a visit was out of its doctor's day, and adds what it now is.
CREATE FUNCTION count_visit(was visits, now_is visits) RETURNS void LANGUAGE sql AS $$
    INSERT INTO months (hospital_id, month) VALUES ((now_is).hospital_id, date_trunc('month', (now_is).day)::date) ON CONFLICT DO NOTHING;
    INSERT INTO doctor_days AS d
    SELECT (now_is).hospital_id, (now_is).doctor_id, (now_is).day,
        coalesce(sum(sign) FILTER (WHERE status = 'SCHEDULED'), 0), coalesce(sum(sign) FILTER (WHERE status = 'IN_PROGRESS'), 0), coalesce(sum(sign) FILTER (WHERE status = 'COMPLETED'), 0),
        coalesce(sum(sign) FILTER (WHERE status = 'CANCELLED'), 0), coalesce(sum(sign) FILTER (WHERE status = 'NO_SHOW'), 0),
        coalesce(sum(sign * minutes) FILTER (WHERE takes_time), 0), coalesce(sum(sign * waited) FILTER (WHERE takes_time), 0),
        coalesce(sum(sign) FILTER (WHERE rating IS NOT NULL), 0), coalesce(sum(sign * rating), 0)
    FROM (
        SELECT sign, (v).status, (v).rating, (v).status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED') AS takes_time,
            extract(epoch FROM (v).ends_at - (v).starts_at)::integer / 60 AS minutes, extract(epoch FROM (v).starts_at - (v).booked_at)::bigint AS waited
        FROM (VALUES (-1, was), (1, now_is)) AS change (sign, v) WHERE (v).appointment_id IS NOT NULL) AS delta
    ON CONFLICT (hospital_id, doctor_id, day) DO UPDATE SET
        scheduled = d.scheduled + excluded.scheduled, in_progress = d.in_progress + excluded.in_progress, completed = d.completed + excluded.completed,
        cancelled = d.cancelled + excluded.cancelled, no_shows = d.no_shows + excluded.no_shows, booked_minutes = d.booked_minutes + excluded.booked_minutes,
        wait_seconds = d.wait_seconds + excluded.wait_seconds, ratings = d.ratings + excluded.ratings, rating_sum = d.rating_sum + excluded.rating_sum;
$$;
CREATE FUNCTION count_visits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count_visit(CASE WHEN TG_OP = 'UPDATE' THEN OLD END, NEW);
    RETURN NULL;
END $$;
CREATE TRIGGER count_visits AFTER INSERT OR UPDATE ON visits FOR EACH ROW EXECUTE FUNCTION count_visits();

-- Who belongs to a hospital. Platform administrators belong to none and are not kept.
CREATE TABLE people (
    hospital_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    is_active boolean NOT NULL,
    registered_at timestamptz NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (hospital_id, user_id));
CREATE INDEX people_by_id ON people (user_id);
CREATE INDEX people_by_registration ON people (hospital_id, role, registered_at);
CREATE INDEX doctors_by_hospital ON people (hospital_id) WHERE role = 'DOCTOR' AND is_active;
SELECT seal('people');

-- How many of them are in use. In sixteen parts, so that those who register at the same moment rarely wait for each other.
CREATE TABLE head_counts (
    hospital_id uuid NOT NULL,
    part integer NOT NULL,
    patients integer NOT NULL,
    doctors integer NOT NULL,
    nurses integer NOT NULL,
    PRIMARY KEY (hospital_id, part));
SELECT seal('head_counts');

CREATE FUNCTION count_heads() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was text := CASE WHEN TG_OP = 'UPDATE' AND OLD.is_active THEN OLD.role ELSE '' END;
    now_is text := CASE WHEN NEW.is_active THEN NEW.role ELSE '' END;
BEGIN
    IF was = now_is THEN RETURN NULL; END IF;
    INSERT INTO head_counts AS h VALUES (NEW.hospital_id, hashtext(NEW.user_id::text) & 15,
        (now_is = 'PATIENT')::integer - (was = 'PATIENT')::integer, (now_is = 'DOCTOR')::integer - (was = 'DOCTOR')::integer, (now_is = 'NURSE')::integer - (was = 'NURSE')::integer)
    ON CONFLICT (hospital_id, part) DO UPDATE SET patients = h.patients + excluded.patients, doctors = h.doctors + excluded.doctors, nurses = h.nurses + excluded.nurses;
    RETURN NULL;
END $$;
CREATE TRIGGER count_heads AFTER INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION count_heads();

-- What a doctor mainly practises, and when they work. Neither is there until somebody says so.
CREATE TABLE practices (
    hospital_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    specialty_id uuid,
    version bigint NOT NULL,
    PRIMARY KEY (hospital_id, doctor_id));
SELECT seal('practices');
CREATE TABLE schedules (
    hospital_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    schedule jsonb NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (hospital_id, doctor_id));
SELECT seal('schedules');

-- The platform's, the same ones for every hospital.
CREATE TABLE specialties (
    id uuid PRIMARY KEY,
    code text NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL);

-- In minor units; what a credit note takes back is negative. They are few, and never change.
CREATE TABLE invoices (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL,
    issued_on date NOT NULL,
    currency text NOT NULL,
    total bigint NOT NULL,
    PRIMARY KEY (hospital_id, id));
CREATE INDEX invoices_by_day ON invoices (hospital_id, issued_on);
SELECT seal('invoices');

-- What was told when everything was asked for anew: by whom, and how many events it took.
CREATE TABLE histories (
    history_id uuid NOT NULL,
    service text NOT NULL,
    events bigint NOT NULL,
    PRIMARY KEY (history_id, service));

-- Rebuilding begins with nothing, at once.
GRANT TRUNCATE ON visits, doctor_days, months, people, head_counts, practices, schedules, specialties, invoices TO medcor_analytics;

-- What the visits that are here already come to.
SELECT set_config('medcor.hospital', '*', true);
SELECT count_visit(NULL::visits, v) FROM visits v;
