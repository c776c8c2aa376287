using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Clinical.Scheduling;

public sealed class RateAppointmentTests
{
    [Fact]
    public async Task A_patient_rates_a_completed_appointment_and_may_change_their_mind()
    {
        var clinic = await ClinicFixture.Open();
        var (patient, done) = (await clinic.LogInPatient(), await clinic.BookWithStatus("COMPLETED", "10:00:00"));
        var rated = await patient.Call<Appointment>("rate_appointment", new { appointment_id = done.Id, rating = 2, comment = "A long wait" });
        Assert.Equal((2, "A long wait"), (rated.Rating, rated.RatingComment));
        await patient.Call("rate_appointment", new { appointment_id = done.Id, rating = 5, comment = "It was worth it" });

        var read = await clinic.Nurse.Call<Appointment>("get_appointment", new { appointment_id = done.Id });
        Assert.Equal((5, "It was worth it"), (read.Rating, read.RatingComment));
    }

    [Fact]
    public async Task A_comment_stays_with_another_rating_until_it_is_replaced_or_taken_back()
    {
        var clinic = await ClinicFixture.Open();
        var (patient, done) = (await clinic.LogInPatient(), await clinic.BookWithStatus("COMPLETED", "10:00:00"));
        await patient.Call("rate_appointment", new { appointment_id = done.Id, rating = 2, comment = "A long wait" });

        var again = await patient.Call<Appointment>("rate_appointment", new { appointment_id = done.Id, rating = 3 });
        var takenBack = await patient.Call<Appointment>("rate_appointment", new { appointment_id = done.Id, rating = 3, comment = (string?)null });

        Assert.Equal((3, "A long wait"), (again.Rating, again.RatingComment));
        Assert.Equal((3, null), (takenBack.Rating, takenBack.RatingComment));
    }

    [Fact]
    public async Task The_same_rating_again_is_not_published()
    {
        var (system, clinic) = (await MedCorFixture.Get(), await ClinicFixture.Open());
        var (patient, done) = (await clinic.LogInPatient(), await clinic.BookWithStatus("COMPLETED", "10:00:00"));
        var rated = await patient.Call<Appointment>("rate_appointment", new { appointment_id = done.Id, rating = 4, comment = "Good" });
        var published = await Published();

        var again = await patient.Call<Appointment>("rate_appointment", new { appointment_id = done.Id, rating = 4 });

        Assert.Equal(rated, again);
        Assert.Equal(published, await Published());

        Task<long> Published() =>
            system.QueryNumber("clinical",
                "SELECT count(*) FROM outbox WHERE type LIKE '%AppointmentUpdated%' AND position($1::text IN body) > 0", done.Id);
    }

    [Theory]
    [InlineData("SCHEDULED")]
    [InlineData("IN_PROGRESS")]
    [InlineData("CANCELLED")]
    [InlineData("NO_SHOW")]
    public async Task An_appointment_that_was_not_completed_cannot_be_rated(string status)
    {
        var clinic = await ClinicFixture.Open();
        var (patient, appointment) = (await clinic.LogInPatient(), await clinic.BookWithStatus(status, "10:00:00"));
        Assert.Equal("CONFLICT", (await patient.TryCall("rate_appointment", new { appointment_id = appointment.Id, rating = 5 })).Code);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(-1)]
    public async Task A_rating_is_1_to_5(int rating)
    {
        var clinic = await ClinicFixture.Open();
        var (patient, done) = (await clinic.LogInPatient(), await clinic.BookWithStatus("COMPLETED", "10:00:00"));
        var answer = await patient.TryCall("rate_appointment", new { appointment_id = done.Id, rating });
        Assert.Equal(["rating"], CreateAppointmentTests.Fields(answer));
    }

    [Fact]
    public async Task Only_its_patient_rates_it()
    {
        var clinic = await ClinicFixture.Open();
        var done = await clinic.BookWithStatus("COMPLETED", "10:00:00");
        var rating = new { appointment_id = done.Id, rating = 5 };
        foreach (var staff in new[] { clinic.Nurse, clinic.Admin, await clinic.LogInDoctor() })
            Assert.Equal("PERMISSION_DENIED", (await staff.TryCall("rate_appointment", rating)).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await (await ClinicFixture.LogIn("patient@general.example")).TryCall("rate_appointment", rating)).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await (await ClinicFixture.LogIn("patient@riverside.example")).TryCall("rate_appointment", rating)).Code);
    }
}
