using MedCor.Contracts;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.Specialties;

public class SpecialtiesTests
{
    private static string NewCode() => "T" + Guid.NewGuid().ToString("N")[..20].ToUpperInvariant();

    [Fact]
    public async Task The_platform_adds_and_changes_and_everybody_reads()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var code = NewCode();

        var made = await platform.Call<Specialty>("create_specialty", new { code, name = $"Name {code}", description = "Description of specialty" });
        var changed = await platform.Call<Specialty>("update_specialty", new { specialty_id = made.Id, description = "Another", expected_version = 1 });

        Assert.Equal((code, $"Name {code}", "Another", 2), (changed.Code, changed.Name, changed.Description, changed.Version));
        Assert.Equal("CONFLICT", (await platform.TryCall("update_specialty", new { specialty_id = made.Id, name = "x", expected_version = 1 })).Code);
        foreach (var who in new[] { "admin@general.example", "doctor@riverside.example", "nurse@general.example", "patient@riverside.example" })
            Assert.Equal(1,
                (await (await ApiClient.LogInShared(who)).Call<Page<Specialty>>("list_specialties", new { search = code, is_active = true })).Total);
        Assert.Equal(0, (await platform.Call<Page<Doctor>>("get_specialty_doctors", new { specialty_id = made.Id })).Total);
    }

    [Fact]
    public async Task An_update_that_changes_nothing_is_not_published()
    {
        var (system, platform) = (await MedCorFixture.Get(), await ApiClient.LogInShared(TestUser.PlatformAdminEmail));
        var code = NewCode();
        var made = await platform.Call<Specialty>("create_specialty", new { code, name = $"Name {code}" });

        var same = await platform.Call<Specialty>("update_specialty", new { specialty_id = made.Id, name = $"Name {code}", is_active = true });
        await platform.Call("update_specialty", new { specialty_id = made.Id });

        Assert.Equal(made, same);
        Assert.Equal(0, await Published());
        await platform.Call("update_specialty", new { specialty_id = made.Id, description = "Another" });
        Assert.Equal(1, await Published());

        Task<long> Published() =>
            system.QueryNumber("identity", "SELECT count(*) FROM outbox WHERE type LIKE '%SpecialtyUpdated%' AND position($1::text IN body) > 0", made.Id);
    }

    [Fact]
    public async Task Code_and_name_are_its_own()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var code = NewCode();
        await platform.Call("create_specialty", new { code, name = $"Name {code}" });

        Assert.Equal("code", (string?)(await platform.TryCall("create_specialty", new { code, name = $"Other {code}" })).Details!["field"]);
        Assert.Equal("name", (string?)(await platform.TryCall("create_specialty", new { code = NewCode(), name = $"NAME {code}" })).Details!["field"]);
        Assert.NotNull((await platform.TryCall("create_specialty", new { code = "no good", name = "x" })).Details!["code"]);
    }

    [Theory]
    [InlineData("admin@general.example")]
    [InlineData("doctor@general.example")]
    [InlineData("nurse@general.example")]
    [InlineData("patient@general.example")]
    public async Task Other_callers_cannot_create_or_update_specialties(string who)
    {
        var client = await ApiClient.LogInShared(who);

        Assert.Equal("PERMISSION_DENIED", (await client.TryCall("create_specialty", new { code = NewCode(), name = "x" })).Code);
        Assert.Equal("PERMISSION_DENIED", (await client.TryCall("update_specialty", new { specialty_id = Guid.NewGuid(), name = "x" })).Code);
    }

    [Fact]
    public async Task A_specialty_out_of_use_is_given_to_no_further_doctor()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var code = NewCode();
        var made = await platform.Call<Specialty>("create_specialty", new { code, name = $"Name {code}" });
        await platform.Call("update_specialty", new { specialty_id = made.Id, is_active = false });
        var doctor = await TestUser.Create("DOCTOR");

        Assert.Equal("CONFLICT",
            (await platform.TryCall("update_doctor_specialties", new { doctor_id = doctor.Id, specialties = new[] { new { specialty_id = made.Id } } })).Code);
        Assert.Equal("RESOURCE_NOT_FOUND", (await platform.TryCall("get_specialty_doctors", new { specialty_id = Guid.NewGuid() })).Code);
    }
}
