using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Clinical.Scheduling;

public sealed class ListAppointmentsTests
{
    [Fact]
    public async Task Appointments_are_filtered_by_patient_doctor_status_and_day()
    {
        var clinic = await ClinicFixture.Open();
        var other = await clinic.CreatePatient();
        var first = await clinic.Book("10:00:00", clinic.Weekday(1));
        var second = await clinic.Book("10:00:00", clinic.Weekday(2));
        var third = await clinic.Book("11:00:00", clinic.Weekday(2), other);
        await clinic.ChangeStatus(third, "CANCELLED");

        Assert.Equal(Ids(third, second, first), await Listed(clinic.Nurse, new { doctor_id = clinic.Doctor }));
        Assert.Equal(Ids(second, first), await Listed(clinic.Nurse, new { patient_id = clinic.Patient }));
        Assert.Equal(Ids(third), await Listed(clinic.Nurse, new { doctor_id = clinic.Doctor, status = "CANCELLED" }));
        Assert.Equal(Ids(third, second), await Listed(clinic.Nurse, new { doctor_id = clinic.Doctor, date_from = clinic.Weekday(2) }));
        Assert.Equal(Ids(first),
            await Listed(clinic.Nurse, new { doctor_id = clinic.Doctor, date_from = clinic.Weekday(1), date_to = clinic.Weekday(1) }));
        Assert.Equal(Ids(first, second, third), await Listed(clinic.Nurse, new { doctor_id = clinic.Doctor, sort = "starts_at" }));
    }

    [Fact]
    public async Task Pages_show_every_row_once()
    {
        var clinic = await ClinicFixture.Open();
        var booked = new List<Appointment>();
        foreach (var time in new[] { "09:00:00", "10:00:00", "11:00:00", "12:00:00", "13:00:00" }) booked.Add(await clinic.Book(time));

        var seen = new List<Guid>();
        for (var page = 1; ; page++)
        {
            var answer = await clinic.Nurse.Call<Page<Appointment>>("list_appointments", new { doctor_id = clinic.Doctor, page, limit = 2, sort = "status" });
            Assert.Equal((5, page, 2), (answer.Total, answer.Number, answer.Limit));
            seen.AddRange(Ids([.. answer.Results]));
            if (!answer.HasMore) break;
        }
        Assert.Equal(Ids([.. booked]).Order(), seen.Order());
    }

    [Fact]
    public async Task Patients_see_their_own_alone()
    {
        var clinic = await ClinicFixture.Open();
        var (patient, other) = (await clinic.LogInPatient(), await clinic.CreatePatient());
        var (own, others) = (await clinic.Book("10:00:00"), await clinic.Book("11:00:00", patient: other));

        Assert.Equal(Ids(own), await Listed(patient));
        Assert.Equal(Ids(own), await Listed(patient, new { doctor_id = clinic.Doctor }));
        Assert.Equal("PERMISSION_DENIED", (await patient.TryCall("list_appointments", new { patient_id = other })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await patient.TryCall("get_appointment", new { appointment_id = others.Id })).Code);
        await patient.Call("get_appointment", new { appointment_id = own.Id });
    }

    [Fact]
    public async Task Another_hospital_sees_nothing_of_it()
    {
        var clinic = await ClinicFixture.Open();
        var booked = await clinic.Book("10:00:00");
        var foreign = await ClinicFixture.LogIn("admin@riverside.example");
        Assert.Equal(0, (await foreign.Call<Page<Appointment>>("list_appointments", new { doctor_id = clinic.Doctor })).Total);
        Assert.Equal(0, (await foreign.Call<Page<Appointment>>("list_appointments", new { patient_id = clinic.Patient })).Total);
        Assert.Equal("RESOURCE_NOT_FOUND", (await foreign.TryCall("get_appointment", new { appointment_id = booked.Id })).Code);
        var platform = await ClinicFixture.LogIn("admin@medcor.example");
        Assert.Equal(Ids(booked), await Listed(platform, new { doctor_id = clinic.Doctor }));
    }

    [Theory]
    [InlineData("limit", 101)]
    [InlineData("page", 0)]
    [InlineData("sort", "colour")]
    [InlineData("status", "LATE")]
    [InlineData("date_from", "yesterday")]
    public async Task A_bad_filter_is_named(string field, object value)
    {
        var nurse = await ClinicFixture.LogIn("nurse@general.example");
        var answer = await nurse.TryCall("list_appointments", new Dictionary<string, object> { [field] = value });
        Assert.Equal([field], CreateAppointmentTests.Fields(answer));
    }

    [Fact]
    public async Task The_days_must_be_in_order()
    {
        var nurse = await ClinicFixture.LogIn("nurse@general.example");
        Assert.Equal(["date_to", "sort"],
            CreateAppointmentTests.Fields(await nurse.TryCall("list_appointments", new { date_from = "2026-02-02", date_to = "2026-02-01", sort = "colour" })));
    }

    private static Guid[] Ids(params Appointment[] appointments) => [.. appointments.Select(a => a.Id)];

    private static async Task<Guid[]> Listed(ApiClient by, object? filter = null) =>
        Ids([.. (await by.Call<Page<Appointment>>("list_appointments", filter)).Results]);
}
