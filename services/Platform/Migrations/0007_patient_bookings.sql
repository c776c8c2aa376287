-- How many open bookings of their own making a patient of the hospital may hold.
ALTER TABLE known_hospitals ADD COLUMN max_open_patient_bookings integer NOT NULL DEFAULT 3;
