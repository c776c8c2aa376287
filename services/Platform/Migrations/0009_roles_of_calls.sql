-- The role of who made a call: whoever has another since is not shown again what it answered. Null in a record of a version before.
ALTER TABLE recorded_calls ADD COLUMN role text;
