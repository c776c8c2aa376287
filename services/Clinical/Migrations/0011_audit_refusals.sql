-- What was refused in a hospital, the latest first. It is little: nearly all that is recorded was carried out, and that is read off audit_events_by_creation.
CREATE INDEX audit_events_by_outcome ON audit_events (hospital_id, outcome, created_at, id) WHERE outcome <> 'DONE';
