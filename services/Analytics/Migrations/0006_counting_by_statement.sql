-- Appointments are counted by statement, not by row, and for the hospital as well as for each doctor.

-- A hospital's day: the sum of its doctors' days.
CREATE TABLE hospital_days (
    hospital_id uuid NOT NULL,
    day date NOT NULL,
    scheduled integer NOT NULL DEFAULT 0,
    in_progress integer NOT NULL DEFAULT 0,
    completed integer NOT NULL DEFAULT 0,
    cancelled integer NOT NULL DEFAULT 0,
    no_shows integer NOT NULL DEFAULT 0,
    ratings integer NOT NULL DEFAULT 0,
    rating_sum integer NOT NULL DEFAULT 0,
    -- The patients whose first completed appointment of the month is on this day. From the first day of a month on, they add up to the different patients seen.
    first_seen integer NOT NULL DEFAULT 0,
    PRIMARY KEY (hospital_id, day));
SELECT seal('hospital_days');

-- The day of each patient's first completed appointment in a month.
CREATE TABLE patient_months (
    hospital_id uuid NOT NULL,
    month date NOT NULL,
    patient_id uuid NOT NULL,
    first_day date NOT NULL,
    PRIMARY KEY (hospital_id, month, patient_id));
SELECT seal('patient_months');
CREATE INDEX visits_seen_by_patient ON visits (hospital_id, patient_id, day) WHERE status = 'COMPLETED';

DROP TRIGGER count_visits ON visits;
DROP FUNCTION count_visit(visits, visits);

-- Takes visits out of the counters, and adds others: what they were, and what they now are.
CREATE FUNCTION count_visits(removed visits[], added visits[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO months (hospital_id, month) SELECT DISTINCT hospital_id, date_trunc('month', day)::date FROM unnest(added) ON CONFLICT DO NOTHING;

    WITH change AS (
        SELECT -1 AS sign, * FROM unnest(removed) UNION ALL SELECT 1, * FROM unnest(added)
    ), delta AS (
        SELECT hospital_id, doctor_id, day,
            coalesce(sum(sign) FILTER (WHERE status = 'SCHEDULED'), 0) AS scheduled, coalesce(sum(sign) FILTER (WHERE status = 'IN_PROGRESS'), 0) AS in_progress,
            coalesce(sum(sign) FILTER (WHERE status = 'COMPLETED'), 0) AS completed, coalesce(sum(sign) FILTER (WHERE status = 'CANCELLED'), 0) AS cancelled,
            coalesce(sum(sign) FILTER (WHERE status = 'NO_SHOW'), 0) AS no_shows,
            coalesce(sum(sign * (extract(epoch FROM ends_at - starts_at)::integer / 60)) FILTER (WHERE status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED')), 0) AS minutes,
            coalesce(sum(sign * extract(epoch FROM starts_at - booked_at)::bigint) FILTER (WHERE status IN ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED')), 0) AS waited,
            coalesce(sum(sign) FILTER (WHERE rating IS NOT NULL), 0) AS ratings, coalesce(sum(sign * rating), 0) AS rating_sum
        FROM change GROUP BY hospital_id, doctor_id, day
    ), of_doctors AS (
        INSERT INTO doctor_days AS d
        SELECT hospital_id, doctor_id, day, scheduled, in_progress, completed, cancelled, no_shows, minutes, waited, ratings, rating_sum FROM delta
        ON CONFLICT (hospital_id, doctor_id, day) DO UPDATE SET
            scheduled = d.scheduled + excluded.scheduled, in_progress = d.in_progress + excluded.in_progress, completed = d.completed + excluded.completed,
            cancelled = d.cancelled + excluded.cancelled, no_shows = d.no_shows + excluded.no_shows, booked_minutes = d.booked_minutes + excluded.booked_minutes,
            wait_seconds = d.wait_seconds + excluded.wait_seconds, ratings = d.ratings + excluded.ratings, rating_sum = d.rating_sum + excluded.rating_sum
    )
    INSERT INTO hospital_days AS h (hospital_id, day, scheduled, in_progress, completed, cancelled, no_shows, ratings, rating_sum)
    SELECT hospital_id, day, sum(scheduled), sum(in_progress), sum(completed), sum(cancelled), sum(no_shows), sum(ratings), sum(rating_sum)
    FROM delta GROUP BY hospital_id, day
    ON CONFLICT (hospital_id, day) DO UPDATE SET
        scheduled = h.scheduled + excluded.scheduled, in_progress = h.in_progress + excluded.in_progress, completed = h.completed + excluded.completed,
        cancelled = h.cancelled + excluded.cancelled, no_shows = h.no_shows + excluded.no_shows, ratings = h.ratings + excluded.ratings,
        rating_sum = h.rating_sum + excluded.rating_sum;

    -- Of each patient and month in which an appointment became completed or no longer is, the first day is looked up and compared with the one that counted.
    WITH change AS (
        SELECT -1 AS sign, * FROM unnest(removed) UNION ALL SELECT 1, * FROM unnest(added)
    ), affected AS (
        SELECT DISTINCT hospital_id, date_trunc('month', day)::date AS month, patient_id
        FROM change WHERE status = 'COMPLETED' GROUP BY hospital_id, patient_id, day HAVING sum(sign) <> 0
    ), firsts AS (
        SELECT a.*, p.first_day AS was, (
            SELECT min(v.day) FROM visits v WHERE v.hospital_id = a.hospital_id AND v.patient_id = a.patient_id AND v.status = 'COMPLETED'
                AND v.day >= a.month AND v.day < a.month + interval '1 month') AS now_is
        FROM affected a LEFT JOIN patient_months p USING (hospital_id, month, patient_id)
    ), moved AS (
        SELECT * FROM firsts WHERE was IS DISTINCT FROM now_is
    ), kept AS (
        INSERT INTO patient_months (hospital_id, month, patient_id, first_day)
        SELECT hospital_id, month, patient_id, now_is FROM moved WHERE now_is IS NOT NULL
        ON CONFLICT (hospital_id, month, patient_id) DO UPDATE SET first_day = excluded.first_day
    ), dropped AS (
        DELETE FROM patient_months p USING moved m
        WHERE m.now_is IS NULL AND p.hospital_id = m.hospital_id AND p.month = m.month AND p.patient_id = m.patient_id
    )
    INSERT INTO hospital_days AS h (hospital_id, day, first_seen)
    SELECT hospital_id, day, sum(sign)
    FROM (SELECT hospital_id, was AS day, -1 AS sign FROM moved UNION ALL SELECT hospital_id, now_is, 1 FROM moved) AS step
    WHERE day IS NOT NULL GROUP BY hospital_id, day
    ON CONFLICT (hospital_id, day) DO UPDATE SET first_seen = h.first_seen + excluded.first_seen;
END $$;

-- A statement that inserts some visits and updates others fires both triggers. Each sees the table as it is after both.
CREATE OR REPLACE FUNCTION count_visits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM count_visits('{}', v) FROM (SELECT array_agg(ROW(n.*)::visits) AS v FROM new_visits n) AS changed WHERE v IS NOT NULL;
    ELSE
        PERFORM count_visits((SELECT array_agg(ROW(o.*)::visits) FROM old_visits o), v)
        FROM (SELECT array_agg(ROW(n.*)::visits) AS v FROM new_visits n) AS changed WHERE v IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_new_visits AFTER INSERT ON visits REFERENCING NEW TABLE AS new_visits FOR EACH STATEMENT EXECUTE FUNCTION count_visits();
CREATE TRIGGER count_changed_visits AFTER UPDATE ON visits REFERENCING OLD TABLE AS old_visits NEW TABLE AS new_visits
    FOR EACH STATEMENT EXECUTE FUNCTION count_visits();

-- What the visits that are here already come to.
SELECT set_config('medcor.hospital', '*', true);
INSERT INTO patient_months (hospital_id, month, patient_id, first_day)
SELECT hospital_id, date_trunc('month', day)::date, patient_id, min(day) FROM visits WHERE status = 'COMPLETED' GROUP BY 1, 2, 3;
INSERT INTO hospital_days (hospital_id, day, scheduled, in_progress, completed, cancelled, no_shows, ratings, rating_sum, first_seen)
SELECT hospital_id, day, sum(scheduled), sum(in_progress), sum(completed), sum(cancelled), sum(no_shows), sum(ratings), sum(rating_sum),
    (SELECT count(*) FROM patient_months p WHERE p.hospital_id = d.hospital_id AND p.month = date_trunc('month', d.day)::date AND p.first_day = d.day)
FROM doctor_days d GROUP BY hospital_id, day;
