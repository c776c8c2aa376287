-- How many open bookings of their own making a patient may hold; the default is that of the contract.
ALTER TABLE hospitals ADD COLUMN max_open_patient_bookings integer NOT NULL DEFAULT 3;
