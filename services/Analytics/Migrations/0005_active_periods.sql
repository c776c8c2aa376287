-- When each doctor and each hospital was active. Null for a doctor until Identity tells it; the account's registration is known before.
ALTER TABLE practices ADD COLUMN active_periods jsonb;
CREATE TABLE hospital_periods (
    hospital_id uuid PRIMARY KEY,
    active_periods jsonb NOT NULL,
    version bigint NOT NULL);
SELECT seal('hospital_periods');
