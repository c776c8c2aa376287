using System.Net.Http.Json;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using MedCor.Platform.Database;
using MedCor.Platform.Messaging;
using MedCor.Platform.Resources;
using Microsoft.EntityFrameworkCore;
using Context = MedCor.Platform.Tenancy.TenantContext;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>Tests that lists by name are sorted as people look names up: accents and case decide only between names that are otherwise equal.</summary>
public class NameOrderTests
{
    /// <summary>Names in order. By code points they would be sorted as Adler, Berg, Dahl, Zimmermann, adler, der Berg, Äbler, Özdemir, and so on.</summary>
    private static readonly string[] Names = ["Äbler", "adler", "Adler", "Berg", "Dahl", "der Berg", "Dermann", "Oz", "Özdemir", "Ozean", "Zimmermann"];

    private static readonly string[] Shuffled = [.. Names.Order(StringComparer.Ordinal)];

    [Fact]
    public async Task People_come_by_last_name_from_tools_and_resources_and_page_by_page()
    {
        var ward = await ClinicFixture.OpenHospital("Europe/Berlin");
        foreach (var last in Shuffled)
            await ward.Admin.Call("create_user", new
            {
                email = TestUser.NewEmail(), password = "Korrekt-Pferd-7", first_name = "Robin", last_name = last, role = last.Length > 4 ? "PATIENT" : "DOCTOR"
            });
        var patients = Names.Where(name => name.Length > 4).ToArray();
        var doctors = Names.Except(patients).ToArray();

        foreach (var (list, expected) in new[] { ("users", Names), ("patients", patients), ("doctors", doctors) })
            foreach (var sort in (string[])["last_name", "last_name,first_name", "-last_name"])
            {
                var wanted = sort[0] == '-' ? expected.Reverse() : expected;
                Assert.Equal(wanted, await Pages(async page => await ward.Admin.Call($"list_{list}", new { sort, page, limit = 3 })));
                Assert.Equal(wanted, await Pages(
                    async page => (await ward.Admin.Http.GetFromJsonAsync<JsonNode>($"/api/mcp/resources/{list}?sort={sort}&page={page}&limit=3"))!));
            }
        // Search results are sorted after the search; an exact match is read from the index.
        Assert.Equal(["Oz", "Özdemir", "Ozean"], await Pages(async page => await ward.Admin.Call("list_users", new { search = "oz", page, limit = 2 })));
        Assert.Equal(["der Berg"], await Pages(async page => (await ward.Admin.Http.GetFromJsonAsync<JsonNode>(
            $"/api/mcp/resources/users?filter={Uri.EscapeDataString("{\"last_name\":\"der Berg\"}")}&page={page}"))!));
        Assert.Empty(await Pages(async page => (await ward.Admin.Http.GetFromJsonAsync<JsonNode>(
            $"/api/mcp/resources/users?filter={Uri.EscapeDataString("{\"last_name\":\"Der Berg\"}")}&page={page}"))!));

        // Beyond the rows that one can page through, a client goes on from the last row's value.
        foreach (var (list, expected) in new[] { ("users", Names), ("patients", patients), ("doctors", doctors) })
            foreach (var (how, sort, wanted) in new (string, string, Func<int, IEnumerable<string>>)[]
            {
                ("gt", "last_name", at => expected[(at + 1)..]), ("gte", "last_name", at => expected[at..]),
                ("lt", "-last_name", at => expected[..at].Reverse()), ("lte", "-last_name", at => expected[..(at + 1)].Reverse()),
            })
                foreach (var at in (int[])[0, expected.Length / 2, expected.Length - 1])
                {
                    var filter = Uri.EscapeDataString($"{{\"last_name\":{{\"{how}\":\"{expected[at]}\"}}}}");
                    Assert.Equal(wanted(at), await Pages(async page =>
                        (await ward.Admin.Http.GetFromJsonAsync<JsonNode>($"/api/mcp/resources/{list}?sort={sort}&filter={filter}&page={page}&limit=100"))!));
                }

        // Excludes the fixture's own users, whose names are DOCTOR and the like.
        async Task<IEnumerable<string>> Pages(Func<int, Task<JsonNode>> read)
        {
            var rows = new List<JsonNode>();
            for (var page = 1; ; page++)
            {
                var answer = await read(page);
                rows.AddRange(answer["results"]!.AsArray().Select(row => row!));
                if ((bool)answer["has_more"]!) continue;
                Assert.Equal((int)answer["total"]!, rows.DistinctBy(row => (string?)row["id"]).Count());
                Assert.Equal(rows.Count, (int)answer["total"]!);
                break;
            }
            return rows.Select(row => (string)row["last_name"]!).Where(name => Names.Contains(name));
        }
    }

    /// <summary>Fields that are sorted by their characters, because a rule or the system allows only one spelling of them.</summary>
    private static readonly string[] Identifiers = ["email", "subdomain", "time_zone", "plan_type", "currency", "resource", "action"];

    public static TheoryData<Type> Databases => [.. ServiceDatabases.All];

    /// <summary>Covers new lists too.</summary>
    [Theory, MemberData(nameof(Databases))]
    public async Task Every_text_that_a_list_can_be_sorted_by_is_sorted_as_names_are(Type dbType)
    {
        using var signal = new OutboxSignal();
        var options = (DbContextOptionsBuilder)Activator.CreateInstance(typeof(DbContextOptionsBuilder<>).MakeGenericType(dbType))!;
        options.UseNpgsql("Host=nowhere");
        var tenancy = new Context();
        tenancy.Enter(hospital: null);
        await using var db = (TenantDb)Activator.CreateInstance(dbType, options.Options, TimeProvider.System, signal)!;
        db.Begin(tenancy);
        foreach (var type in dbType.Assembly.GetTypes().Where(type => !type.IsAbstract && ResourceTypes.ArgumentsOf(type) is not null))
        {
            var orders = (IEnumerable<(string Field, string Sql)>)typeof(NameOrderTests).GetMethod(nameof(TextOrders),
                BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(ResourceTypes.ArgumentsOf(type)!).Invoke(null, [db, type])!;
            Assert.All(orders, order => Assert.Equal((type.Name, order.Field, !Identifiers.Contains(order.Field)),
                (type.Name, order.Field, order.Sql.Contains("COLLATE \"und-x-icu\"", StringComparison.Ordinal))));
        }
    }

    private static IEnumerable<(string Field, string Sql)> TextOrders<T, TRow, TContract>(DbContext db, Type type) where T : class where TRow : class =>
        from field in ((QueryableResource<T, TRow, TContract>)RuntimeHelpers.GetUninitializedObject(type)).Fields
        where field.Type == typeof(string)
        select (field.Name, field.Order(db.Set<T>().IgnoreQueryFilters(), first: true, isDescending: false).ToQueryString());

    [Fact]
    public async Task Departments_hospitals_and_specialties_come_by_name()
    {
        var ward = await ClinicFixture.OpenHospital("Europe/Berlin");
        var (platform, mark) = (await ApiClient.LogInShared(TestUser.PlatformAdminEmail), $"q{Guid.NewGuid():N}"[..12]);
        foreach (var (name, n) in Shuffled.Select((name, n) => (name, n)))
        {
            await ward.Admin.Call("create_department", new { name, code = $"D{n}" });
            // The names of specialties are unique without regard to case.
            if (name != "adler") await platform.Call("create_specialty", new { name = $"{name} {mark}", code = $"{mark}_{n}".ToUpperInvariant() });
            await platform.Call("create_hospital", new
            {
                name = $"{name} {mark}", subdomain = $"{mark}-{n}", registration_number = $"{mark}-{n}", email = $"office@{mark}-{n}.example",
                phone_number = "+1-555-0100", address_line1 = "1 Way", city = $"{name} {mark}", country = "There", postal_code = "1", hospital_type = "General",
            });
        }

        foreach (var (list, client, narrowed) in new[] { ("departments", ward.Admin, ""), ("specialties", platform, mark), ("hospitals", platform, mark) })
            foreach (var sort in (string[])[.. list == "hospitals" ? (string[])["name", "-city"] : ["name", "-name"]])
            {
                var (field, wanted) = (sort.TrimStart('-'), sort[0] == '-' ? Names.Reverse() : Names);
                if (list == "specialties") wanted = wanted.Where(name => name != "adler");
                var filter = narrowed.Length == 0 ? "" : $"&filter={Uri.EscapeDataString($"{{\"name\":{{\"contains\":\"{narrowed}\"}}}}")}";
                var resource =
                    (await client.Http.GetFromJsonAsync<JsonNode>($"/api/mcp/resources/{list}?limit=100&sort={sort}{filter}"))!["results"]!.AsArray();
                Assert.Equal(wanted, resource.Select(row => ((string)row![field]!).Replace($" {mark}", "", StringComparison.Ordinal)));
                var tool = (await client.Call($"list_{list}",
                    narrowed.Length == 0 ? new { sort, limit = 100 } : (object)new { sort, limit = 100, search = narrowed }))["results"]!.AsArray();
                Assert.Equal(resource.Select(row => (string)row!["id"]!), tool.Select(row => (string)row!["id"]!));
            }
    }
}
