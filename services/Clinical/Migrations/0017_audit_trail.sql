-- The audit trail has events of all kinds now, and copies of what the other services have recorded.
SELECT create_audit_trail('medcor_clinical');

-- On a large table it is built before, CONCURRENTLY, by hand, after the column, which takes no time:
-- ALTER TABLE audit_events ADD COLUMN kind text DEFAULT 'CLINICAL'
CREATE INDEX IF NOT EXISTS audit_events_by_kind ON audit_events (hospital_id, kind, created_at, id);
