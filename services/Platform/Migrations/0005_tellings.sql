-- What another service asked to be told anew, and how far that has come: which teller is at work, behind which row it goes on, how many events it took. Gone once all is told.
CREATE TABLE tellings (
    history_id uuid PRIMARY KEY,
    asker text NOT NULL,
    events text[] NOT NULL,
    teller integer NOT NULL DEFAULT 0,
    last_hospital uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    last_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    told bigint NOT NULL DEFAULT 0);
