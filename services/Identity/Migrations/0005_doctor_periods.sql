-- When each user was an active doctor. Of those who are none any more, or became one later, only the account's own times are known.
ALTER TABLE users ADD COLUMN doctor_periods jsonb NOT NULL DEFAULT '{"periods": []}';
SELECT set_config('medcor.hospital', '*', true);
UPDATE users SET doctor_periods = jsonb_build_object('periods', jsonb_build_array(jsonb_build_object('from', created_at, 'to', CASE WHEN NOT is_active THEN updated_at END)))
WHERE role = 'DOCTOR';
