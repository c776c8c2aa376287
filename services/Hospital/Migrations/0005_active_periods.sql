-- When each hospital was active. Of one that is not, the last change is the nearest known time.
ALTER TABLE hospitals ADD COLUMN active_periods jsonb NOT NULL DEFAULT '{"periods": []}';
SELECT set_config('medcor.hospital', '*', true);
UPDATE hospitals SET active_periods = jsonb_build_object('periods', jsonb_build_array(jsonb_build_object('from', created_at, 'to', CASE WHEN NOT is_active THEN updated_at END)));
