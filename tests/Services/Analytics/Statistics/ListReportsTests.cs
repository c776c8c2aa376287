using MedCor.Contracts;
using MedCor.Contracts.Analytics;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Analytics.Statistics;

public class ListReportsTests
{
    [Fact]
    public async Task Each_past_month_with_data_has_a_report_with_its_own_statistics()
    {
        await using var hospital = await SyntheticHospital.Open();
        var (doctor, patient) = (Guid.NewGuid(), Guid.NewGuid());
        await hospital.Publish(
            new AppointmentCreated(hospital.NewAppointment(doctor, patient, new(2024, 1, 31), AppointmentStatus.Completed, rating: 4)),
            new AppointmentCreated(hospital.NewAppointment(doctor, patient, new(2024, 3, 1), AppointmentStatus.NoShow)),
            new AppointmentCreated(hospital.NewAppointment(doctor, patient, hospital.Today, AppointmentStatus.Scheduled)),
            hospital.NewInvoice(new(2024, 1, 1), "199.00"), hospital.NewInvoice(new(2024, 4, 30), "-20.50"));
        await Wait.Until(async () => (await hospital.Platform.Call<Page<Report>>("list_reports", new { hospital_id = hospital.Id })).Total == 3,
            "three months are reported");

        var all = (await hospital.Platform.Call<Page<Report>>("list_reports", new { hospital_id = hospital.Id })).Results;

        Assert.Equal([new(2024, 4, 1), new(2024, 3, 1), new(2024, 1, 1)], all.Select(r => r.DateFrom));
        Assert.Equal([new(2024, 4, 30), new(2024, 3, 31), new(2024, 1, 31)], all.Select(r => r.DateTo));
        Assert.Equal(["-20.50", "0.00", "199.00"], all.Select(r => r.Figures.Revenue));
        Assert.Equal([0, 1, 0], all.Select(r => r.Figures.NoShows));
        Assert.Equal((1, 1, 4m), (all[2].Figures.Completed, all[2].Figures.PatientsSeen, all[2].Figures.AverageRating));
        var same = (await hospital.Platform.Call<Page<Report>>("list_reports", new { hospital_id = hospital.Id, sort = "date_from", limit = 1 })).Results[0];
        Assert.Equal(all[2], same);
        Assert.Equal(1, (await hospital.Platform.Call<Page<Report>>("list_reports",
            new { hospital_id = hospital.Id, date_from = "2024-01-31", date_to = "2024-02-15" })).Total);
    }

    [Fact]
    public async Task Administrators_see_their_own_hospitals_and_the_platform_all()
    {
        var (admin, platform) = (await ApiClient.LogInShared("admin@general.example"), await ApiClient.LogInShared("admin@medcor.example"));

        Assert.All((await admin.Call<Page<Report>>("list_reports")).Results, r => Assert.Equal(admin.HospitalId, r.HospitalId));
        Assert.NotEqual(0, (await platform.Call<Page<Report>>("list_reports")).Total);
        Assert.Equal("RESOURCE_NOT_FOUND",
            (await admin.TryCall("list_reports", new { hospital_id = (await ApiClient.LogInShared("admin@riverside.example")).HospitalId })).Code);
        foreach (var who in new[] { "doctor@general.example", "nurse@general.example", "patient@general.example" })
            Assert.Equal("PERMISSION_DENIED", (await (await ApiClient.LogInShared(who)).TryCall("list_reports")).Code);
        Assert.NotNull((await admin.TryCall("list_reports", new { date_from = "2025-02-01", date_to = "2025-01-01" })).Details!["date_to"]);
    }
}
