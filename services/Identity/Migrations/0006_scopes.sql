-- The scopes to which the tokens of a session are limited, separated by spaces. Null: all rights of the user's role.
ALTER TABLE sessions ADD COLUMN scope text;
