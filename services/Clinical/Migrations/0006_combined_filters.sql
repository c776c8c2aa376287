-- A patient's or a doctor's, of one kind, in the order in which they are listed.
CREATE INDEX medical_records_by_patient_and_type ON medical_records (hospital_id, patient_id, record_type, created_at, id);
CREATE INDEX treatments_by_patient_and_status ON treatments (hospital_id, patient_id, status, created_at, id);
CREATE INDEX treatments_by_doctor_and_status ON treatments (hospital_id, doctor_id, status, created_at, id);
