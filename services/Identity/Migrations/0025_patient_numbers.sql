-- Numbers for those who are patients already, in an order that says nothing: each once, because the factor and a thousand million have no common divisor. The
-- triggers do the rest. In a transaction of its own: it changes each patient, for minutes where there are a million, but holds only their rows and not the
-- table.
SELECT set_config('medcor.hospital', '*', true);
UPDATE users SET mrn = numbered.mrn FROM (
    SELECT id, (9000000000 + row_number() OVER (PARTITION BY hospital_id ORDER BY id) * 824516539 % 1000000000)::text AS mrn
    FROM users WHERE role = 'PATIENT' AND mrn IS NULL) AS numbered
WHERE users.id = numbered.id;
