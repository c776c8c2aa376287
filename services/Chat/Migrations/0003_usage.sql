-- How many of the model's tokens were used on a day (UTC): by each user, and with the nil owner by a hospital as a whole. Of the nil hospital, whose users belong to none, the nil
-- owner is the server token. A call is charged what it may take at most when it begins, and what it took when it ends.
CREATE TABLE chat_usage (
    hospital_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    day date NOT NULL,
    tokens bigint NOT NULL,
    PRIMARY KEY (hospital_id, owner_id, day));
SELECT seal('chat_usage');
CREATE INDEX chat_usage_by_day ON chat_usage (day);

-- What the question was estimated at, and what the day of the call is charged for it at present.
ALTER TABLE chat_calls
    ADD COLUMN tokens_foreseen integer NOT NULL DEFAULT 0,
    ADD COLUMN tokens_charged integer NOT NULL DEFAULT 0;
