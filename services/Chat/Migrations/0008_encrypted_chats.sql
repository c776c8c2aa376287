-- The lengths of question and answer before they are encrypted, by which a session's history is cut off. Null in calls of the version before.
ALTER TABLE chat_calls ADD COLUMN message_characters integer, ADD COLUMN answer_characters integer;
