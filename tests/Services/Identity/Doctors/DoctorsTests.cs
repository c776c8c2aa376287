using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.DemoData;

namespace MedCor.Tests.Services.Identity.Doctors;

public class DoctorsTests
{
    private static readonly Guid Cardiology = DemoTenants.Specialties.Single(s => s.Code == "CARD").Id;
    private static readonly Guid Dermatology = DemoTenants.Specialties.Single(s => s.Code == "DERM").Id;

    [Theory]
    [InlineData("Cardiology")]
    [InlineData("cardiology")]
    [InlineData("card")]
    public async Task Doctors_are_found_by_specialty(string specialty)
    {
        var patient = await ApiClient.LogInShared("patient@general.example");

        var doctors = (await patient.Call<Page<Doctor>>("list_doctors",
            new { hospital_id = DemoTenants.Hospitals[0].Id, specialty, is_available = true, limit = 100 })).Results;

        Assert.Contains(doctors, d => d.Email == "doctor@general.example");
        Assert.All(doctors, d => Assert.Contains(d.Specialties, s => s.Code == "CARD"));
    }

    [Fact]
    public async Task Specialties_are_replaced_and_the_doctor_has_a_new_version()
    {
        var (admin, somebody) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await TestUser.Create("DOCTOR"));
        object Specialties(params object[] specialties) => new { doctor_id = somebody.Id, specialties };

        var first = await admin.Call<Doctor>("update_doctor_specialties", Specialties(
            new { specialty_id = Cardiology, is_primary = true, years_of_experience = 10, certification_date = "2015-01-01" },
            new { specialty_id = Dermatology }));
        var answer = await admin.TryCall("update_doctor_specialties",
            Specialties(new { specialty_id = Cardiology, is_primary = false, years_of_experience = 11 }));

        var second = answer.Read<Doctor>();
        Assert.Equal(["CARD", "DERM"], first.Specialties.Select(s => s.Code));
        Assert.Equal((10, new DateOnly(2015, 1, 1), true),
            (first.Specialties[0].YearsOfExperience, first.Specialties[0].CertificationDate, first.Specialties[0].IsPrimary));
        Assert.Equal((2, 3), (first.Version, second.Version));
        var shown = await admin.Call("get_doctor_details", new { doctor_id = somebody.Id });
        Assert.Equal(answer.Body.ToJsonString(), shown.ToJsonString());
        Assert.Equal(11, second.Specialties.Single().YearsOfExperience);
        Assert.Contains((await admin.Call<Page<Doctor>>("get_specialty_doctors", new { specialty_id = Cardiology, sort = "-created_at", limit = 100 })).Results,
            d => d.Id == somebody.Id);
    }

    [Fact]
    public async Task Of_concurrent_changes_that_add_the_same_specialty_one_succeeds_and_the_others_conflict()
    {
        var (admin, somebody) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await TestUser.Create("DOCTOR"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => admin.TryCall("update_doctor_specialties",
            new { doctor_id = somebody.Id, specialties = new object[] { new { specialty_id = Cardiology, years_of_experience = n } } })));

        Assert.Contains(answers, a => a.Code is null);
        Assert.All(answers, a => Assert.True(a.Code is null or "CONFLICT", a.Code));
    }

    [Fact]
    public async Task Specialties_that_are_practised_already_make_no_version_and_no_event()
    {
        var (admin, somebody) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await TestUser.Create("DOCTOR"));
        object Specialties(int years) => new
        {
            doctor_id = somebody.Id,
            specialties = new object[]
            {
                new { specialty_id = Cardiology, is_primary = true, years_of_experience = years, certification_date = "2015-01-01" },
                new { specialty_id = Dermatology }
            },
        };
        var first = await admin.TryCall("update_doctor_specialties", Specialties(10));
        var told = await CountEvents();

        var same = await admin.Call("update_doctor_specialties", Specialties(10));

        Assert.Equal((first.Body.ToJsonString(), told), (same.ToJsonString(), await CountEvents()));
        Assert.Equal(first.Read<Doctor>().Version + 1, (await admin.Call<Doctor>("update_doctor_specialties", Specialties(11))).Version);
        Assert.Equal(told + 1, await CountEvents());

        async Task<long> CountEvents() =>
            await (await MedCorFixture.Get()).QueryNumber("identity",
                "SELECT count(*) FROM outbox WHERE type LIKE '%DoctorUpdated%' AND position($1::text IN body) > 0", somebody.Id);
    }

    [Fact]
    public async Task Two_primary_ones_doubled_ones_and_unknown_ones_are_refused()
    {
        var (admin, somebody) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await TestUser.Create("DOCTOR"));
        async Task<ApiResponse> Try(params object[] specialties) =>
            await admin.TryCall("update_doctor_specialties", new { doctor_id = somebody.Id, specialties });

        Assert.NotNull(
            (await Try(new { specialty_id = Cardiology, is_primary = true }, new { specialty_id = Dermatology, is_primary = true })).Details!["specialties"]);
        Assert.NotNull((await Try(new { specialty_id = Cardiology }, new { specialty_id = Cardiology })).Details!["specialties[1].specialty_id"]);
        Assert.Equal("RESOURCE_NOT_FOUND", (await Try(new { specialty_id = Guid.NewGuid() })).Code);
        Assert.Equal("CONFLICT", (await admin.TryCall("update_doctor_specialties",
            new { doctor_id = somebody.Id, specialties = Array.Empty<object>(), expected_version = 7 })).Code);
    }

    [Theory]
    [InlineData("doctor@general.example", "PERMISSION_DENIED")]
    [InlineData("nurse@general.example", "PERMISSION_DENIED")]
    [InlineData("patient@general.example", "PERMISSION_DENIED")]
    [InlineData("admin@riverside.example", "RESOURCE_NOT_FOUND")]
    public async Task Only_the_hospitals_administrators_say_what_a_doctor_practises(string who, string code)
    {
        var client = await ApiClient.LogInShared(who);

        Assert.Equal(code, (await client.TryCall("update_doctor_specialties",
            new { doctor_id = DemoTenants.Hospitals[0].Doctors[0].Person.Id, specialties = Array.Empty<object>() })).Code);
    }

    [Fact]
    public async Task A_doctor_says_whether_they_are_available()
    {
        var somebody = await TestUser.Create("DOCTOR");
        var doctor = await somebody.LogIn();

        await doctor.Call("update_user", new { user_id = somebody.Id, is_available = false });

        Assert.False((await doctor.Call<Doctor>("get_doctor_details", new { doctor_id = somebody.Id })).IsAvailable);
        Assert.DoesNotContain((await doctor.Call<Page<Doctor>>("list_doctors", new { is_available = true, sort = "-created_at", limit = 100 })).Results,
            d => d.Id == somebody.Id);
    }
}
