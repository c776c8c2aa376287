-- How often something conspicuous was recorded of somebody within an hour. Kept for two days.
CREATE TABLE audit_watch (
    hospital_id uuid NOT NULL,
    rule text NOT NULL,
    subject_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (hospital_id, rule, subject_id, hour));
SELECT seal('audit_watch');
CREATE INDEX audit_watch_by_age ON audit_watch (hour);
