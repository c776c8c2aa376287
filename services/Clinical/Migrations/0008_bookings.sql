-- Who booked an appointment; null of those that were booked before it was kept. One that takes another's place was booked by whoever booked that.
ALTER TABLE appointments ADD COLUMN booked_by uuid;

-- What lies ahead of a hospital, the next first. On a large table it is built before, CONCURRENTLY, by hand.
CREATE INDEX IF NOT EXISTS appointments_by_status_and_start ON appointments (hospital_id, status, starts_at, id);
