-- Users who were erased within the last two hours. What a call that was under way then has stored about them is deleted too.
CREATE TABLE erasures (
    user_id uuid PRIMARY KEY,
    hospital_id uuid,
    erased_at timestamptz NOT NULL);
SELECT seal('erasures');
