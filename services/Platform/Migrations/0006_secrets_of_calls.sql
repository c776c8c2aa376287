-- A password hash of the secrets among a call's parameters, so that a repetition with another secret is told from one with the same.
-- Empty when there were none; null in a record of a version before, which knew nothing of them.
ALTER TABLE recorded_calls ADD COLUMN secrets_hash text;
