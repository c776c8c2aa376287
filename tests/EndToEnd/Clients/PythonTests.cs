using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Tests.EndToEnd.Catalogue;

namespace MedCor.Tests.EndToEnd.Clients;

/// <summary>Tests the published Python clients.</summary>
public class PythonTests
{
    [ProgramFact("python3")]
    public async Task The_listener_hears_updates()
    {
        var (nurse, clinic) = (await ApiClient.LogInShared("nurse@general.example"), await ClinicFixture.GetSharedReadOnly());
        var wishes = Enumerable.Range(9, 8).Select(hour => clinic.BookingRequest($"{hour:00}:00:00", clinic.Weekday(72)));

        // The client does not report when it is connected, so the event is repeated until the client receives it.
        var result = await PublishedClient.Run("listening.py", """
            import threading, urllib.request
            heard, told = [], threading.Event()
            def handle_resource_update(update):
                if update['resource'] == 'appointments' and update['data']['patient_id'] == wishes[0]['patient_id']:
                    heard.append(update)
                    told.set()
            handle_tool_response = handle_error = lambda data: None
            threading.Thread(target=connect_sse, args=(token,), daemon=True).start()
            for wish in wishes:
                body = json.dumps({'tool': 'create_appointment', 'params': wish}).encode()
                urllib.request.urlopen(urllib.request.Request(gateway + '/api/mcp/tools/invoke', body,
                    {'Authorization': f'Bearer {token}', 'Content-Type': 'application/json'}))
                if told.wait(2):
                    break
            result = heard[0]
            """, new { token = nurse.AccessToken, wishes, gateway = (await MedCorFixture.Get()).Gateways[0].ToString().TrimEnd('/') });

        Assert.Equal("created", (string?)result["action"]);
    }

    [ProgramFact("python3")]
    public async Task The_batch_client_creates_patients_and_schedules_their_appointments_and_prints_what_its_monitor_hears()
    {
        var clinic = await ClinicFixture.Open();
        var (day, domain) = (clinic.Weekday(3), $"@{Guid.NewGuid():N}.example");

        var printed = await PublishedClient.Run("batch.py", "result = printed",
            new { auth_token = clinic.Admin.AccessToken, hospital_id = clinic.Admin.HospitalId,
                doctor_id = clinic.Doctor, patient_ids = new[] { clinic.Patient } },
            ("@example.com", domain), ("2025-02-01", day));

        var created = (await clinic.Admin.Call<Page<Patient>>("list_patients", new { search = domain })).Results;
        Assert.Equal(10, created.Count);
        Assert.All(created, patient => Assert.Equal(new DateOnly(1990, 1, 1), patient.DateOfBirth));
        var booked = Assert.Single((await clinic.Nurse.Call<Page<Appointment>>("list_appointments", new { doctor_id = clinic.Doctor })).Results);
        Assert.Equal((clinic.Patient, day, new TimeOnly(14, 0), "Checkup"),
            (booked.PatientId, ClinicFixture.FormatDate(booked.AppointmentDate), booked.AppointmentTime, booked.Reason));
        Assert.All(["Created 10 patients", "Scheduled 1 appointments", "Tool completed: create_user"],
            line => Assert.Contains(line, printed.AsArray().Select(p => (string?)p)));
    }

    [ProgramFact("python3")]
    public async Task The_printed_test_passes()
    {
        // A separate hospital, because the first doctor that the client lists must have free times.
        var admin = (await CatalogueFixture.New()).Admin;
        var email = $"test-{Guid.NewGuid():N}@example.com";

        await PublishedClient.Run("workflow.py", "asyncio.run(test_appointment_workflow())",
            new { test_token = admin.AccessToken, test_hospital_id = admin.HospitalId },
            ("test@example.com", email), ("2025-02-01", (await ClinicFixture.GetSharedReadOnly()).Weekday(4)));

        var patient = Assert.Single((await admin.Call<Page<User>>("list_users", new { search = email })).Results);
        Assert.False(patient.IsActive);
    }
}
