-- Nothing is booked with a doctor or patient, or in a hospital (subject_id is its own id then), until a change of theirs is heard or the pause has run out.
-- version is the one before the change.
CREATE TABLE booking_pauses (
    hospital_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    version bigint NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (hospital_id, subject_id));
SELECT seal('booking_pauses');
