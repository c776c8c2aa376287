-- For names with typing errors: every word that patients of the hospital are called, under itself and under itself without one of its letters. A word that was
-- typed with one letter more, less, another or two exchanged has one of these in common with it. Filled a moment after a patient is written. A word stays when
-- nobody is called so any more.
CREATE TABLE name_variants (
    hospital_id uuid NOT NULL,
    variant text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    PRIMARY KEY (hospital_id, variant, name));
SELECT seal('name_variants');

CREATE FUNCTION spelling_variants(word text) RETURNS SETOF text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT word UNION SELECT left(word, i - 1) || substr(word, i + 1) FROM generate_series(1, length(word)) AS i WHERE length(word) > 2
$$;

-- The names that a word may have been meant to be, the likeliest first: at most twelve. Of short words, which have many neighbors, those with the same first
-- letter.
CREATE FUNCTION similar_names(hospital uuid, word text) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT v.name FROM public.name_variants v
    WHERE v.hospital_id = hospital AND v.variant = ANY (ARRAY(SELECT s FROM public.spelling_variants(word) AS s))
        AND (length(word) >= 5 OR left(v.name, 1) = left(word, 1))
    GROUP BY v.name ORDER BY v.name <> word, abs(length(v.name) - length(word)), v.name LIMIT 12
$$;

-- The patients whose names begin in one of these ways, the likeliest first, and match a pattern, and have words that begin as the further ones: at most as many
-- as are wanted. However many patients begin so, a bounded number of keys is read: in the order of the index, from each beginning on.
CREATE FUNCTION patients_named(hospital uuid, beginnings text[], pattern text, further text[], most integer) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    SELECT DISTINCT named.patient_id
    FROM (
        SELECT o.patient_id FROM unnest(beginnings) AS b (beginning)
        CROSS JOIN LATERAL (
            SELECT r.patient_id FROM (
                SELECT k.patient_id, k.key FROM public.patient_keys k
                WHERE k.hospital_id = hospital AND k.kind = 'NAME' AND k.key >= b.beginning AND k.key < b.beginning || chr(1114111)
                ORDER BY k.key LIMIT 50 * most) AS r
            WHERE r.key LIKE pattern LIMIT 4 * most) AS o
        LIMIT 6 * most) AS named
    WHERE NOT EXISTS (
        SELECT FROM unnest(further) AS f (word) WHERE NOT EXISTS (
            SELECT FROM public.patient_keys k WHERE k.hospital_id = hospital AND k.patient_id = named.patient_id AND k.kind = 'NAME'
                AND k.key >= f.word AND k.key < f.word || chr(1114111)))
    LIMIT most
$$;

-- The patients with a name, of all or among some. The words of a name may come in any order, and be typed in part. Only when nobody is called so, typing errors
-- are looked for.
CREATE FUNCTION patients_by_name(hospital uuid, search text, among uuid[], most integer) RETURNS SETOF uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    words text[] := (public.name_words(search))[1:6];
    beginnings text[];
BEGIN
    IF cardinality(words) = 0 THEN RETURN; END IF;
    IF among IS NOT NULL THEN
        RETURN QUERY SELECT p.id FROM unnest(among) AS p (id) WHERE NOT EXISTS (
            SELECT FROM unnest(words) AS w (word) WHERE NOT EXISTS (
                SELECT FROM public.patient_keys k WHERE k.hospital_id = hospital AND k.patient_id = p.id AND k.kind = 'NAME'
                    AND k.key >= w.word AND k.key < w.word || chr(1114111)))
            LIMIT most;
        IF FOUND THEN RETURN; END IF;
        RETURN QUERY WITH w AS MATERIALIZED (
            SELECT u.word, ARRAY(SELECT s FROM public.similar_names(hospital, u.word) AS s) AS names FROM unnest(words) AS u (word))
        SELECT p.id FROM unnest(among) AS p (id) WHERE NOT EXISTS (
            SELECT FROM w WHERE NOT EXISTS (
                SELECT FROM public.patient_keys k WHERE k.hospital_id = hospital AND k.patient_id = p.id AND k.kind = 'NAME'
                    AND (starts_with(k.key, w.word) OR split_part(k.key, ' ', 1) = ANY (w.names))))
            LIMIT most;
        RETURN;
    END IF;

    -- As it was typed: whole words except for the last one.
    RETURN QUERY SELECT public.patients_named(hospital, ARRAY[array_to_string(words[1:2], ' ')], '%', words[3:], most);
    IF FOUND THEN RETURN; END IF;
    IF cardinality(words) > 1 THEN
        RETURN QUERY SELECT public.patients_named(hospital, ARRAY[words[1]], words[1] || '% ' || words[2] || '%', words[3:], most);
        IF FOUND THEN RETURN; END IF;
    END IF;
    -- With typing errors in the first two words, of which the last can be the beginning of one.
    IF cardinality(words) = 1 THEN
        beginnings := ARRAY(SELECT s FROM public.similar_names(hospital, words[1]) AS s);
    ELSE
        beginnings := ARRAY(
            SELECT a.name || ' ' || b.name
            FROM (
                SELECT words[1], 0 UNION ALL
                SELECT s.name, s.n FROM public.similar_names(hospital, words[1]) WITH ORDINALITY AS s (name, n) WHERE s.name <> words[1]) AS a (name, n)
            CROSS JOIN (
                SELECT words[2], 0 UNION ALL
                SELECT s.name, s.n FROM public.similar_names(hospital, words[2]) WITH ORDINALITY AS s (name, n) WHERE s.name <> words[2]) AS b (name, n)
            ORDER BY a.n + b.n, a.n);
    END IF;
    RETURN QUERY SELECT public.patients_named(hospital, beginnings, '%', words[3:], most);
END $$;

-- The patients who have all that is given (not null), at most as many as are wanted; of those who were merged, the surviving ones, for which fifty more are
-- looked for. Of a number, a phone or a day, at most 1,000 patients are looked at: a day on which more are born is one that stands for no day.
CREATE FUNCTION find_patients(hospital uuid, search text, number text, born date, phone text, most integer) RETURNS SETOF uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
    among uuid[];
    digits text := public.phone_key(phone);
    enough integer := most + 50;
BEGIN
    IF number IS NOT NULL THEN
        among := ARRAY(SELECT k.patient_id FROM public.patient_keys k WHERE k.hospital_id = hospital
            AND k.kind IN ('MRN', 'FORMER_MRN') AND k.key = upper(number));
    END IF;
    IF digits IS NOT NULL THEN
        -- Numbers that end with the given one, and those with which it ends.
        among := ARRAY(
            SELECT p.patient_id FROM (
                (SELECT k.patient_id FROM public.patient_keys k
                WHERE k.hospital_id = hospital AND k.kind = 'PHONE' AND k.key >= digits AND k.key < digits || chr(1114111) ORDER BY k.key LIMIT 1000)
                UNION
                (SELECT k.patient_id FROM public.patient_keys k
                WHERE k.hospital_id = hospital AND k.kind = 'PHONE'
                    AND k.key = ANY (ARRAY(SELECT left(digits, n) FROM generate_series(7, length(digits) - 1) AS n)) LIMIT 1000)) AS p
            WHERE digits <> '' AND (among IS NULL OR p.patient_id = ANY (among)));
    END IF;
    IF born IS NOT NULL AND among IS NULL THEN
        among := ARRAY(SELECT u.id FROM public.users u
            WHERE u.hospital_id = hospital AND u.role = 'PATIENT' AND u.date_of_birth = born ORDER BY u.id LIMIT 1000);
    ELSIF born IS NOT NULL THEN
        among := ARRAY(SELECT u.id FROM public.users u WHERE u.hospital_id = hospital AND u.id = ANY (among) AND u.date_of_birth = born);
    END IF;
    IF search IS NOT NULL THEN among := ARRAY(SELECT public.patients_by_name(hospital, search, among, enough)); END IF;
    RETURN QUERY SELECT DISTINCT CASE WHEN u.merged_into_id IS NULL THEN u.id ELSE public.surviving_patient(hospital, u.merged_into_id) END
        FROM public.users u WHERE u.hospital_id = hospital AND u.id = ANY (among[1:enough]) AND u.role = 'PATIENT' LIMIT most;
END $$;
