-- When the user was erased. What is left is who had the account, for the records of the hospital.
ALTER TABLE users ADD COLUMN erased_at timestamptz;
