using MedCor.Contracts;
using MedCor.Contracts.Hospital;

namespace MedCor.Tests.Services.Hospital.Departments;

public sealed class DepartmentsTests
{
    private const string Platform = "admin@medcor.example";
    private const string Admin = "admin@general.example";
    private const string OtherAdmin = "admin@riverside.example";

    private static readonly int[] Levels = [3, 2];
    private static readonly int[] NoLevels = [1, 1, 6];

    private static string NewCode() => "T" + Guid.NewGuid().ToString("N")[..20].ToUpperInvariant();

    [Fact]
    public async Task A_created_department_is_listed_to_the_whole_hospital_with_every_field()
    {
        var admin = await ApiClient.LogInShared(Admin);
        await using var listener = await SseClient.Connect(await ApiClient.LogInShared("patient@general.example"), "resources=departments");
        var code = NewCode();

        var opened = await admin.Call<Department>("create_department", new
        {
            name = $"Ward {code}", code, description = "For tests", phone_number = "+49-30-555", location = "House B, second floor", triage_levels = Levels,
        });

        Assert.Equal((code, "For tests", "+49-30-555", "House B, second floor"), (opened.Code, opened.Description, opened.PhoneNumber, opened.Location));
        Assert.Equal([2, 3], opened.TriageLevels);
        Assert.Equal((admin.HospitalId!.Value, true, 1), (opened.HospitalId, opened.IsActive, opened.Version));
        foreach (var who in new[] { Platform, Admin, "doctor@general.example", "nurse@general.example", "patient@general.example" })
            Assert.Equal(1,
                (await (await ApiClient.LogInShared(who)).Call<Page<Department>>("list_departments", new { search = code, triage_level = 3 })).Total);
        Assert.Equal(0, (await admin.Call<Page<Department>>("list_departments", new { search = code, triage_level = 1 })).Total);
        await listener.Next("departments", "created", opened.Id);
    }

    [Theory]
    [InlineData(" +49 (30) 555-01.12/7 Ext 5 ", "+49 (30) 555-01.12/7 Ext 5")]
    [InlineData("555 0112 x9", "555 0112 x9")]
    [InlineData("abc", null)]
    [InlineData("---", null)]
    [InlineData("ext", null)]
    [InlineData("😀😀😀", null)]
    [InlineData("+1 <script>", null)]
    public async Task A_phone_number_has_a_digit_and_nothing_but_what_phone_numbers_have(string sent, string? kept)
    {
        var code = NewCode();

        var answer = await (await ApiClient.LogInShared(Admin)).TryCall("create_department", new { name = $"Ward {code}", code, phone_number = sent });

        if (kept is not null) Assert.Equal(kept, answer.Read<Department>().PhoneNumber);
        else Assert.NotNull(answer.Details!["phone_number"]);
    }

    [Fact]
    public async Task A_code_is_its_own_within_the_hospital_whatever_its_case()
    {
        var (admin, other) = (await ApiClient.LogInShared(Admin), await ApiClient.LogInShared(OtherAdmin));
        var code = NewCode();
        await admin.Call("create_department", new { name = "First", code });

        var second = await admin.TryCall("create_department", new { name = "Second", code = code.ToLowerInvariant() });

        Assert.Equal(("CONFLICT", "code"), (second.Code, (string?)second.Details!["field"]));
        await other.Call("create_department", new { name = "Elsewhere", code });
    }

    [Fact]
    public async Task Departments_of_another_hospital_are_neither_visible_nor_created()
    {
        var (other, own) = (await ApiClient.LogInShared(OtherAdmin), await ApiClient.LogInShared(Admin));
        var code = NewCode();
        await own.Call("create_department", new { name = "Ours", code });

        Assert.Equal(0, (await other.Call<Page<Department>>("list_departments", new { search = code })).Total);
        Assert.Equal("RESOURCE_NOT_FOUND", (await other.TryCall("list_departments", new { hospital_id = own.HospitalId })).Code);
        foreach (var hospital in new[] { own.HospitalId!.Value, Guid.NewGuid() })
            Assert.Equal("RESOURCE_NOT_FOUND",
                (await other.TryCall("create_department", new { name = "Theirs", code = NewCode(), hospital_id = hospital })).Code);
    }

    [Fact]
    public async Task The_platform_says_for_which_hospital()
    {
        var (platform, admin) = (await ApiClient.LogInShared(Platform), await ApiClient.LogInShared(Admin));

        Assert.NotNull((await platform.TryCall("create_department", new { name = "Nowhere", code = NewCode() })).Details!["hospital_id"]);
        var opened = await platform.Call<Department>("create_department", new { name = "Somewhere", code = NewCode(), hospital_id = admin.HospitalId });
        Assert.Equal(admin.HospitalId, opened.HospitalId);
    }

    [Theory]
    [InlineData("doctor@general.example")]
    [InlineData("nurse@general.example")]
    [InlineData("patient@general.example")]
    public async Task Other_roles_cannot_create_departments(string who) =>
        Assert.Equal("PERMISSION_DENIED", (await (await ApiClient.LogInShared(who)).TryCall("create_department", new { name = "x", code = NewCode() })).Code);

    [Fact]
    public async Task Every_bad_field_is_named()
    {
        var wrong = await (await ApiClient.LogInShared(Admin)).TryCall("create_department",
            new { name = "", code = "no good", triage_levels = NoLevels, colour = "red" });

        Assert.Equal("VALIDATION_ERROR", wrong.Code);
        foreach (var field in new[] { "name", "code", "triage_levels", "colour" }) Assert.NotNull(wrong.Details![field]);
    }

    [Fact]
    public async Task The_demo_hospitals_have_an_emergency_department()
    {
        foreach (var who in new[] { "nurse@general.example", "nurse@riverside.example" })
            Assert.Contains("EMER",
                (await (await ApiClient.LogInShared(who)).Call<Page<Department>>("list_departments", new { triage_level = 1 })).Results.Select(d => d.Code));
    }
}
