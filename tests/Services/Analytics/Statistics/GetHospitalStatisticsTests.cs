using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using MedCor.Tests.Services.Billing;

namespace MedCor.Tests.Services.Analytics.Statistics;

public class GetHospitalStatisticsTests
{
    [Fact]
    public async Task Every_figure_is_that_of_the_period_and_the_four_of_the_dashboard_are_of_now()
    {
        await using var hospital = await SyntheticHospital.Open();
        var (today, past) = (hospital.Today, new DateOnly(2024, 5, 14));
        User[] patients = [hospital.NewUser(Role.Patient, At(past)), hospital.NewUser(Role.Patient), hospital.NewUser(Role.Patient)];
        User[] others = [hospital.NewUser(Role.Doctor), hospital.NewUser(Role.Doctor), hospital.NewUser(Role.Nurse)];
        var (doctor, patient, other) = (others[0].Id, patients[0].Id, patients[1].Id);
        await hospital.Publish(patients.Concat(others).Select(u => new UserCreated(u)));
        await hospital.Publish(new UserDeactivated(patients[2] with { IsActive = false, Version = 2 }),
            new UserDeactivated(others[1] with { IsActive = false, Version = 2 }));
        await hospital.Publish(new[]
        {
            hospital.NewAppointment(doctor, patient, past, AppointmentStatus.Completed, rating: 5),
            hospital.NewAppointment(doctor, patient, past, AppointmentStatus.Completed, rating: 2, at: "11:00"),
            hospital.NewAppointment(doctor, other, past, AppointmentStatus.Completed, at: "12:00"),
            hospital.NewAppointment(doctor, other, past, AppointmentStatus.Cancelled, at: "13:00"),
            hospital.NewAppointment(doctor, other, past, AppointmentStatus.NoShow, at: "14:00"),
            hospital.NewAppointment(doctor, other, past, AppointmentStatus.InProgress, at: "15:00"),
            hospital.NewAppointment(doctor, other, past.AddDays(1), AppointmentStatus.Scheduled),
            hospital.NewAppointment(doctor, other, past.AddDays(2), AppointmentStatus.Completed),
            hospital.NewAppointment(doctor, other, today, AppointmentStatus.Scheduled),
            hospital.NewAppointment(doctor, other, today, AppointmentStatus.Cancelled),
        }.Select(v => new AppointmentCreated(v)));
        await hospital.Publish(hospital.NewInvoice(past, "199.00"), hospital.NewInvoice(past.AddDays(1), "-49.25"),
            hospital.NewInvoice(past.AddDays(2), "7.00"), hospital.NewInvoice(today, "499.99"), hospital.NewInvoice(today, "-0.99"));

        var s = await hospital.WaitForStatistics(past, past.AddDays(1), appointments: 7);
        await Wait.Until(async () =>
            (s = await hospital.WaitForStatistics(past, past.AddDays(1), appointments: 7)).MonthlyRevenue == "499.00" && s.Patients == 2,
            "all is counted", explain: () => s.ToString());

        Assert.Equal((2, 1, 1, 1), (s.Patients, s.Doctors, s.Nurses, s.NewPatients));
        Assert.Equal((1, 1, 3, 1, 1), (s.Scheduled, s.InProgress, s.Completed, s.Cancelled, s.NoShows));
        Assert.Equal((2, 3.5m), (s.PatientsSeen, s.AverageRating));
        Assert.Equal(("149.75", "USD", "Europe/Berlin"), (s.Revenue, s.Currency, s.TimeZone));
        Assert.Equal((2, 1, 1, "499.00"), (s.TotalPatients, s.TodayAppointments, s.ActiveDoctors, s.MonthlyRevenue));
    }

    [Fact]
    public async Task Events_that_are_duplicated_or_out_of_order_give_the_same_statistics()
    {
        await using var hospital = await SyntheticHospital.Open();
        var day = new DateOnly(2024, 2, 29);
        var (doctor, patient) = (hospital.NewUser(Role.Doctor), hospital.NewUser(Role.Patient));
        var visit = hospital.NewAppointment(doctor.Id, patient.Id, day, AppointmentStatus.Scheduled);
        IntegrationEvent[] story =
        [
            new UserCreated(doctor), new UserUpdated(doctor with { Version = 2 }), new UserCreated(patient),
            new UserDeactivated(patient with { IsActive = false, Version = 2 }),
            new UserUpdated(patient with { Version = 3 }), new AppointmentCreated(visit),
            new AppointmentUpdated(visit with { Status = AppointmentStatus.InProgress, Version = 2 }),
            new AppointmentUpdated(visit with { Status = AppointmentStatus.Completed, Version = 3 }),
            new AppointmentUpdated(visit with { Status = AppointmentStatus.Completed, Rating = 4, Version = 4 }), hospital.NewInvoice(day, "199.00"),
        ];
        // In reverse, in order, and the current state once more under new event IDs, as a rebuild publishes it.
        IntegrationEvent[] told = [.. story.Reverse(), .. story, .. story.TakeLast(3).Select(e => e with { EventId = Guid.CreateVersion7() })];
        await hospital.Publish(told);
        await hospital.WaitUntilHandled(told);

        var s = await hospital.WaitForStatistics(day, day, appointments: 1);

        Assert.Equal((1, 1, 0, 0, 4m), (s.Patients, s.Completed, s.Scheduled, s.InProgress, s.AverageRating));
        Assert.Equal((1, "199.00"), (s.Doctors, s.Revenue));
    }

    [Fact]
    public async Task Days_are_those_of_the_hospitals_clocks()
    {
        await using var hospital = await SyntheticHospital.Open("Pacific/Auckland");
        var day = new DateOnly(2024, 6, 10);
        // One second before midnight in Auckland, which is noon UTC, and midnight itself.
        var midnight = new DateTimeOffset(2024, 6, 9, 12, 0, 0, TimeSpan.Zero);
        await hospital.Publish(new UserCreated(hospital.NewUser(Role.Patient, midnight.AddSeconds(-1))),
            new UserCreated(hospital.NewUser(Role.Patient, midnight)), new UserCreated(hospital.NewUser(Role.Patient, midnight.AddHours(24))));
        await hospital.Publish(new AppointmentCreated(hospital.NewAppointment(Guid.NewGuid(), Guid.NewGuid(), day, AppointmentStatus.Scheduled, at: "00:10")));

        var s = await hospital.WaitForStatistics(day, day, appointments: 1);
        await Wait.Until(async () => (s = await hospital.WaitForStatistics(day, day, appointments: 1)).Patients == 3, "three are counted");

        Assert.Equal(1, s.NewPatients);
        Assert.Equal(hospital.Today, (await hospital.Platform.Call<HospitalStatistics>("get_hospital_statistics", new { hospital_id = hospital.Id })).DateTo);
    }

    [Fact]
    public async Task Appointment_changes_are_counted_within_two_seconds()
    {
        var clinic = await ClinicFixture.Open("riverside");
        var doctor = await clinic.LogInDoctor();
        var day = clinic.Weekday();
        await Wait.Until(async () => (await doctor.TryCall("get_doctor_performance", new { doctor_id = clinic.Doctor })).Code is null,
            "Analytics knows the doctor");
        foreach (var time in new[] { "09:00:00", "10:00:00", "11:00:00" })
        {
            var before = (await Performance()).Appointments;
            await clinic.Book(time);
            await Wait.Until(async () => (await Performance()).Appointments == before + 1, "the booking is counted");
        }

        Task<DoctorPerformance> Performance() =>
            doctor.Call<DoctorPerformance>("get_doctor_performance", new { doctor_id = clinic.Doctor, period = "DAILY", date = day });
    }

    [Fact]
    public async Task The_dashboard_of_a_demo_hospital_shows_what_it_paid_this_month()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");

        Assert.Equal(("499.00", "USD"), ((await admin.Call<HospitalStatistics>("get_hospital_statistics")).MonthlyRevenue,
            (await admin.Call<HospitalStatistics>("get_hospital_statistics")).Currency));
    }

    [Fact]
    public async Task A_subscription_and_its_credit_note_reach_the_revenue()
    {
        var hospital = await SubscriptionFixture.Open();
        var made = await hospital.Subscribe(SubscriptionFixture.Professional);
        await Revenue("499.00");

        await hospital.Platform.Call("cancel_subscription", new { subscription_id = made.Id, immediate = true });
        await Revenue("0.00");

        Task Revenue(string amount) => Wait.Until(
            async () =>
                (await hospital.Platform.Call<HospitalStatistics>("get_hospital_statistics", new { hospital_id = hospital.Id })).MonthlyRevenue == amount,
            $"the revenue is {amount}");
    }

    [Fact]
    public async Task Staff_see_their_own_hospital_patients_nothing_and_nobody_another()
    {
        foreach (var who in new[] { "admin@general.example", "doctor@general.example", "nurse@general.example" })
        {
            var client = await ApiClient.LogInShared(who);
            Assert.Equal(client.HospitalId, (await client.Call<HospitalStatistics>("get_hospital_statistics")).HospitalId);
            var (foreign, none) = (await client.TryCall("get_hospital_statistics",
                new { hospital_id = (await ApiClient.LogInShared("admin@riverside.example")).HospitalId }),
                await client.TryCall("get_hospital_statistics", new { hospital_id = Guid.NewGuid() }));
            Assert.Equal(("RESOURCE_NOT_FOUND", none.Error.Message), (foreign.Code, foreign.Error.Message));
        }
        Assert.Equal("PERMISSION_DENIED", (await (await ApiClient.LogInShared("patient@general.example")).TryCall("get_hospital_statistics")).Code);
        Assert.NotNull((await (await ApiClient.LogInShared("admin@medcor.example")).TryCall("get_hospital_statistics")).Details!["hospital_id"]);
    }

    [Fact]
    public async Task A_period_that_ends_before_it_begins_or_is_no_date_is_refused()
    {
        var admin = await ApiClient.LogInShared("admin@general.example");

        Assert.NotNull((await admin.TryCall("get_hospital_statistics", new { date_from = "2025-02-01", date_to = "2025-01-31" })).Details!["date_to"]);
        Assert.NotNull((await admin.TryCall("get_hospital_statistics", new { date_from = "2025-02-30" })).Details!["date_from"]);
    }

    private static DateTimeOffset At(DateOnly day) => new(day.ToDateTime(new(12, 0)), TimeSpan.Zero);
}
