using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Clinical.Scheduling;

/// <summary>Tests that receptionists run the front desk and that no clinical content reaches them.</summary>
public sealed class ReceptionistTests
{
    private static readonly Lazy<Task<(ClinicFixture Ward, ApiClient Receptionist)>> Shared = new(Open);

    [Fact]
    public async Task A_receptionist_registers_finds_books_moves_and_cancels()
    {
        var (clinic, receptionist) = await Shared.Value;
        var last = $"Frontdesk{Guid.NewGuid():N}"[..20];
        var patient = await receptionist.Call<User>("create_user",
            new { email = TestUser.NewEmail(), password = ClinicFixture.Password, first_name = "Nina", last_name = last, role = "PATIENT" });
        Assert.Equal(patient.Id, Assert.Single((await receptionist.Call<Page<Patient>>("list_patients", new { search = last })).Results).Id);

        var booked = await receptionist.Call<Appointment>("create_appointment", clinic.BookingRequest("09:00", patient: patient.Id));
        var moved = await receptionist.Call<Appointment>("reschedule_appointment",
            new { appointment_id = booked.Id, appointment_date = clinic.Weekday(2), appointment_time = "10:00", reason = "The patient is on a journey." });
        var cancelled = await receptionist.Call<Appointment>("update_appointment_status",
            new { appointment_id = moved.Id, status = "CANCELLED", notes = "Called to cancel" });

        Assert.Equal(AppointmentStatus.Cancelled, cancelled.Status);
        var seen = await clinic.Nurse.Call<Appointment>("get_appointment", new { appointment_id = booked.Id });
        Assert.Equal("Regular checkup", seen.Reason);
        Assert.Contains("on a journey", seen.Notes!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receptionist_reads_no_text_about_an_appointment_in_any_way()
    {
        var (clinic, receptionist) = await Shared.Value;
        var booked = await clinic.Nurse.Call<Appointment>("create_appointment", new
        {
            patient_id = clinic.Patient, doctor_id = clinic.Doctor, appointment_date = clinic.Weekday(3), appointment_time = "09:00",
            reason = "A secret reason",
            notes = "A secret note",
        });
        JsonNode[] reads =
        [
            await receptionist.Call("get_appointment", new { appointment_id = booked.Id }),
            (await receptionist.Call("list_appointments", new { patient_id = clinic.Patient, limit = 100 }))["results"]!,
            await receptionist.Get<JsonNode>($"/api/mcp/resources/appointments/{booked.Id}"),
            await receptionist.Get<JsonNode>("/api/mcp/resources/appointments?limit=100&expand=patient_id"),
            await receptionist.Call("reschedule_appointment",
                new { appointment_id = booked.Id, appointment_date = clinic.Weekday(4), appointment_time = "09:30", reason = "A secret cause" }),
        ];

        Assert.All(reads, read => Assert.DoesNotContain("secret", read.ToJsonString(), StringComparison.OrdinalIgnoreCase));
        Assert.Null(reads[0]["reason"]);
        Assert.True(reads[0].AsObject().ContainsKey("reason"));
    }

    [Fact]
    public async Task A_receptionist_is_refused_clinical_content_statistics_and_what_clinicians_do()
    {
        var (clinic, receptionist) = await Shared.Value;
        var booked = await clinic.Book("14:00");
        (string Tool, object Parameters)[] refused =
        [
            ("list_medical_records", new { patient_id = clinic.Patient }), ("list_treatments", new { patient_id = clinic.Patient }),
            ("get_hospital_statistics", new { }), ("list_audit_events", new { }),
            ("update_appointment_status", new { appointment_id = booked.Id, status = "IN_PROGRESS" }),
            ("create_user", new { email = TestUser.NewEmail(), first_name = "A", last_name = "B", role = "NURSE" }),
        ];

        foreach (var (tool, parameters) in refused) Assert.Equal((tool, "PERMISSION_DENIED"), (tool, (await receptionist.TryCall(tool, parameters)).Code));
        using var chat = await receptionist.Http.PostAsync("/mcp/execute",
            new StringContent("""{"messages":[{"role":"user","content":"Hello"}]}""", null, "application/json"));
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, chat.StatusCode);
    }

    private static async Task<(ClinicFixture, ApiClient)> Open()
    {
        var clinic = await ClinicFixture.Open();
        var email = TestUser.NewEmail();
        await clinic.Admin.Call("create_user",
            new { email, password = ClinicFixture.Password, first_name = "Rosa", last_name = "Desk", role = "RECEPTIONIST" });
        return (clinic, await ApiClient.LogIn(email, ClinicFixture.Password));
    }
}
