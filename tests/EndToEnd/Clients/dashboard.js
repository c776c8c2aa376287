class HealthcareDashboard {
  constructor(token, hospitalId) {
    this.token = token;
    this.hospitalId = hospitalId;
    this.stats = {};
    this.initSSE();
    this.loadInitialData();
  }

  initSSE() {
    const eventSource = new EventSource('/api/mcp/sse', {
      headers: {
        'Authorization': `Bearer ${this.token}`
      }
    });

    // Listen for real-time updates
    eventSource.addEventListener('resource_update', (event) => {
      const update = JSON.parse(event.data);
      this.handleResourceUpdate(update);
    });

    eventSource.addEventListener('appointment_created', (event) => {
      const appointment = JSON.parse(event.data);
      this.updateAppointmentStats(appointment);
    });

    eventSource.addEventListener('patient_registered', (event) => {
      const patient = JSON.parse(event.data);
      this.updatePatientCount(patient);
    });
  }

  async loadInitialData() {
    // Load hospital statistics
    const statsResponse = await fetch('/api/mcp/tools/invoke', {
      method: 'POST',
      headers: {
        'Authorization': `Bearer ${this.token}`,
        'Content-Type': 'application/json'
      },
      body: JSON.stringify({
        tool: 'get_hospital_statistics',
        params: {
          hospital_id: this.hospitalId,
          date_from: this.getMonthStart(),
          date_to: this.getToday()
        }
      })
    });

    this.stats = await statsResponse.json();
    this.renderDashboard();
  }

  handleResourceUpdate(update) {
    switch(update.resource) {
      case 'appointments':
        this.updateAppointmentDisplay(update.data);
        break;
      case 'patients':
        this.updatePatientDisplay(update.data);
        break;
      case 'doctors':
        this.updateDoctorDisplay(update.data);
        break;
    }
  }

  updateAppointmentStats(appointment) {
    this.stats.todayAppointments++;
    this.renderAppointmentWidget();
  }

  updatePatientCount(patient) {
    this.stats.totalPatients++;
    this.renderPatientWidget();
  }

  renderDashboard() {
    // Render complete dashboard
    document.getElementById('dashboard').innerHTML = `
      <div class="stats-grid">
        <div class="stat-card">
          <h3>Total Patients</h3>
          <p>${this.stats.totalPatients}</p>
        </div>
        <div class="stat-card">
          <h3>Today's Appointments</h3>
          <p>${this.stats.todayAppointments}</p>
        </div>
        <div class="stat-card">
          <h3>Active Doctors</h3>
          <p>${this.stats.activeDoctors}</p>
        </div>
        <div class="stat-card">
          <h3>Revenue This Month</h3>
          <p>$${this.stats.monthlyRevenue}</p>
        </div>
      </div>
    `;
  }

  getMonthStart() {
    const date = new Date();
    date.setDate(1);
    return date.toISOString().split('T')[0];
  }

  getToday() {
    return new Date().toISOString().split('T')[0];
  }
}

// Initialize dashboard
const dashboard = new HealthcareDashboard(authToken, hospitalId);
