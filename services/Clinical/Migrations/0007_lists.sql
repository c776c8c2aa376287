-- Every order that a whole hospital's list can have, in an index that ends with the id: a page is read off it, however long the list is.
DROP INDEX appointments_by_doctor, appointments_by_patient, appointments_by_status, appointments_by_date, appointments_by_creation;
CREATE INDEX appointments_by_doctor ON appointments (hospital_id, doctor_id, appointment_date, appointment_time, id);
CREATE INDEX appointments_by_patient ON appointments (hospital_id, patient_id, appointment_date, appointment_time, id);
CREATE INDEX appointments_by_status ON appointments (hospital_id, status, appointment_date, appointment_time, id);
CREATE INDEX appointments_by_date ON appointments (hospital_id, appointment_date, appointment_time, id);
CREATE INDEX appointments_by_start ON appointments (hospital_id, starts_at, id);
CREATE INDEX appointments_by_creation ON appointments (hospital_id, created_at, id);
CREATE INDEX appointments_by_change ON appointments (hospital_id, updated_at, id);

CREATE INDEX medical_records_by_doctor ON medical_records (hospital_id, doctor_id, created_at, id);
CREATE INDEX medical_records_by_status ON medical_records (hospital_id, status, created_at, id);
CREATE INDEX medical_records_by_change ON medical_records (hospital_id, updated_at, id);

CREATE INDEX treatments_by_change ON treatments (hospital_id, updated_at, id);
