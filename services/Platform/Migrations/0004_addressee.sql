-- An event may be for one service alone, which asked for it: then it goes to that service's queue, and not before what is new to everybody.
ALTER TABLE outbox ADD COLUMN addressee text;
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (position) WHERE dispatched_at IS NULL AND addressee IS NULL;
CREATE INDEX outbox_addressed ON outbox (position) WHERE dispatched_at IS NULL AND addressee IS NOT NULL;
