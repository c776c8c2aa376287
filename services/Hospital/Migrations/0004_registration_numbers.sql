-- A registration number means one hospital, however it is written. Hospitals of before whose numbers differ by case alone keep them: the one that came first holds it.
ALTER TABLE hospitals ADD COLUMN repeats_registration_number boolean NOT NULL DEFAULT false;
SELECT set_config('medcor.hospital', '*', true);
UPDATE hospitals h SET repeats_registration_number = true
WHERE EXISTS (SELECT FROM hospitals earlier WHERE lower(earlier.registration_number) = lower(h.registration_number) AND (earlier.created_at, earlier.id) < (h.created_at, h.id));
CREATE UNIQUE INDEX hospitals_registration_number_any_case ON hospitals (lower(registration_number)) WHERE NOT repeats_registration_number;
