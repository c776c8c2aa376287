-- Duplicates that were merged, and what has come of it. pending: the services that still have to move their rows, or to move them back. overlapping: the visits
-- that overlap since then, as JSON; null as long as nobody knows. reminded_at: when the pending services were last told again.
CREATE TABLE patient_merges (
    hospital_id uuid NOT NULL,
    id uuid NOT NULL UNIQUE,
    surviving_id uuid NOT NULL,
    merged_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('MERGING', 'MERGED', 'UNMERGING', 'UNMERGED')),
    pending text[] NOT NULL,
    overlapping jsonb,
    merged_was_active boolean NOT NULL,
    requested_by uuid NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    reminded_at timestamptz,
    PRIMARY KEY (hospital_id, id),
    FOREIGN KEY (hospital_id, surviving_id) REFERENCES users (hospital_id, id),
    FOREIGN KEY (hospital_id, merged_id) REFERENCES users (hospital_id, id));
CREATE INDEX patient_merges_by_surviving ON patient_merges (hospital_id, surviving_id);
CREATE INDEX patient_merges_by_merged ON patient_merges (hospital_id, merged_id);
CREATE INDEX patient_merges_pending ON patient_merges (updated_at) WHERE status IN ('MERGING', 'UNMERGING');
SELECT seal('patient_merges');
