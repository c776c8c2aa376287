class MCPClient {
  constructor(token) {
    this.token = token;
    this.eventSource = null;
    this.initSSE();
  }

  initSSE() {
    this.eventSource = new EventSource('/api/mcp/sse', {
      headers: {
        'Authorization': `Bearer ${this.token}`
      }
    });

    this.eventSource.addEventListener('tool_response', (event) => {
      this.handleToolResponse(JSON.parse(event.data));
    });
  }

  async bookAppointment(patientId, doctorId, date, time) {
    // 1. Check doctor availability
    const slotsResponse = await this.invokeTool('list_appointment_slots', {
      doctor_id: doctorId,
      date: date
    });

    if (!this.isSlotAvailable(slotsResponse, time)) {
      throw new Error('Selected time slot not available');
    }

    // 2. Create appointment
    const appointmentResponse = await this.invokeTool('create_appointment', {
      patient_id: patientId,
      doctor_id: doctorId,
      appointment_date: date,
      appointment_time: time,
      reason: 'Regular checkup'
    });

    // 3. Create medical record placeholder
    await this.invokeTool('create_medical_record', {
      patient_id: patientId,
      title: `Appointment - ${date}`,
      description: 'Scheduled appointment',
      record_type: 'APPOINTMENT'
    });

    return appointmentResponse;
  }

  async invokeTool(tool, params) {
    const response = await fetch('/api/mcp/tools/invoke', {
      method: 'POST',
      headers: {
        'Authorization': `Bearer ${this.token}`,
        'Content-Type': 'application/json'
      },
      body: JSON.stringify({tool, params})
    });
    return await response.json();
  }

  handleToolResponse(data) {
    console.log('Tool response received:', data);
    // Update UI or trigger actions based on response
  }

  isSlotAvailable(slots, time) {
    return slots.available_times.includes(time);
  }

  close() {
    if (this.eventSource) {
      this.eventSource.close();
    }
  }
}

// Usage
const client = new MCPClient(authToken);
try {
  const appointment = await client.bookAppointment(
    'patient-uuid',
    'doctor-uuid',
    '2025-02-01',
    '14:00:00'
  );
  console.log('Appointment booked:', appointment);
} finally {
  client.close();
}
