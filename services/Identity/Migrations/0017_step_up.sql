-- How many minutes ago a caller of a dangerous tool may have logged in; null for any time.
ALTER TABLE sign_in_policies ADD COLUMN step_up_minutes integer CHECK (step_up_minutes BETWEEN 1 AND 1440);
