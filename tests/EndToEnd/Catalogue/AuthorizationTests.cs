using System.Net;
using MedCor.Contracts;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>Tests which callers may call which tools, against a single role matrix.</summary>
public class AuthorizationTests
{
    private const string All = "read create update delete";

    /// <summary>
    /// The role matrix: the effects that a tool on a noun may have, for each kind of caller. A tool belongs to the row whose noun comes last in its name; among
    /// nouns that end at the same position, to the longest. Which entities a caller may affect is decided by the handler and covered by its tests.
    /// </summary>
    private static readonly (string Noun, string Platform, string HospitalAdmin, string Doctor, string Nurse, string Receptionist,
        string Patient)[] Matrix =
    [
        ("hospital",            All,           "read update", "read",        "read",               "read",               "read"),
        ("department",          All,           All,           "read",        "read",               "read",               "read"),
        ("user",                All,           All,           "read update", "read create update", "read create update", "read update"),
        ("patient",             All,           All,           "read",        "read create",        "read create",        "read"),
        ("duplicate_candidate", "",            "read",        "",            "",                   "read",               ""),
        ("merge_patient",       "",            All,           "",            "",                   "",                   ""),
        ("unmerge_patient",     "",            All,           "",            "",                   "",                   ""),
        ("patient_merge",       "",            "read",        "",            "",                   "",                   ""),
        ("find_patient",        "",            "read",        "read",        "read",               "read",               ""),
        ("doctor",              All,           All,           "read",        "read",               "read",               "read"),
        ("doctor_specialties",  All,           All,           "read",        "read",               "read",               "read"),
        ("specialty",           All,           "read",        "read",        "read",               "read",               "read"),
        ("schedule",            All,           All,           "read update", "read",               "read",               "read"),
        ("appointment",         All,           All,           All,           All,                  "read create update", "read create update"),
        ("rate_appointment",    "",            "",            "",            "",                   "",                   "update"),
        ("medical_record",      "read",        All,           All,           "read create",        "",                   "read"),
        ("treatment",           "read",        All,           All,           "read",               "",                   "read"),
        ("access_policy",       "",            All,           "",            "",                   "",                   ""),
        ("referral",            "",            All,           All,           "read",               "",                   "read"),
        ("representative",      "",            All,           "read",        "read",               "read update",        "read update"),
        ("correction_request",  "",            "read update", "",            "read update",        "read update",        "read create"),
        ("break_glass",         "",            All,           All,           All,                  "",                   ""),
        ("emergency_override",  "",            All,           "read",        "read",               "",                   "read"),
        ("subscription",        All,           All,           "",            "",                   "",                   ""),
        ("subscription_plan",   All,           All,           "",            "",                   "",                   ""),
        ("invoice",             All,           All,           "",            "",                   "",                   ""),
        ("hospital_statistics", "read",        "read",        "read",        "read",               "",                   ""),
        ("doctor_performance",  "read",        "read",        "read",        "",                   "",                   ""),
        ("specialty_demand",    "read",        "read",        "read",        "",                   "",                   ""),
        ("report",              "read",        "read",        "",            "",                   "",                   ""),
        ("audit_event",         "read",        "read",        "",            "",                   "",                   "read"),
        ("service_account",     All,           All,           "",            "",                   "",                   ""),
        ("api_key",             All,           All,           "",            "",                   "",                   ""),
        ("sign_in_policy",      All,           All,           "",            "",                   "",                   ""),
        ("identity_provider",   "read",        All,           "",            "",                   "",                   ""),
        ("chat_policy",         All,           All,           "",            "",                   "",                   ""),
        ("prompt",              All,           All,           All,           All,                  All,                  All),
        ("prompt_session",      All,           All,           All,           All,                  All,                  All),
        ("session",             "read delete", "read delete", "read delete", "read delete",        "read delete",        "read delete"),
        ("second_factor",       "update",      "update",      "",            "",                   "",                   ""),
    ];

    public static TheoryData<string> Tools => CatalogueFixture.Tools;

    public static TheoryData<string> Catalogue => [.. ToolCatalogue.All.Keys];

    [Theory, MemberData(nameof(Catalogue))]
    public void A_tool_admits_whom_the_matrix_admits(string name)
    {
        var tool = ToolCatalogue.All[name];

        Assert.Equal(Admitted(tool), tool.Callers);
    }

    [Theory, MemberData(nameof(Tools))]
    public async Task Unauthorized_callers_are_refused_whether_or_not_the_id_exists_and_authorized_ones_are_not(string name)
    {
        var (tool, premises) = (ToolCatalogue.All[name], await CatalogueFixture.Own);
        var admitted = Admitted(tool);
        var draft = new ParameterGenerator(tool);
        var real = await draft.Generate([], kind => premises.FindOrCreateId(kind));
        var unreal = await draft.Generate([], _ => Task.FromResult(Guid.CreateVersion7().ToString()));

        foreach (var (kind, person) in premises.People)
            if ((admitted & kind) != 0)
            {
                var reply = await person.Post(name, "{}");
                Assert.True(reply.Status is HttpStatusCode.OK or HttpStatusCode.BadRequest, $"{kind}: {reply}");
            }
            else
            {
                var (toReal, toUnreal) = (await person.Post(tool, real), await person.Post(tool, unreal));
                Assert.True((toReal.Status, toReal.Code) == (HttpStatusCode.Forbidden, ErrorCodes.PermissionDenied), $"{kind}: {toReal}");
                Assert.Equal(toReal.ComparableText, toUnreal.ComparableText);
            }
    }

    [Theory, MemberData(nameof(Tools))]
    public async Task No_tool_can_be_called_without_a_valid_token(string name)
    {
        var token = (await CatalogueFixture.Own).Admin.AccessToken;
        using var http = new HttpClient { BaseAddress = (await MedCorFixture.Get()).Gateways[0] };

        Assert.Equal((HttpStatusCode.Unauthorized, ErrorCodes.AuthRequired), await Try(null));
        Assert.Equal((HttpStatusCode.Unauthorized, ErrorCodes.AuthInvalid), await Try("Bearer garbage"));
        Assert.Equal((HttpStatusCode.Unauthorized, ErrorCodes.AuthInvalid), await Try($"Bearer {token[..^4]}AAAA"));

        async Task<(HttpStatusCode, string?)> Try(string? authorization)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/invoke")
            {
                Content = new StringContent($$"""{"tool":"{{name}}"}""", null, "application/json")
            };
            if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
            var reply = await ToolCallExtensions.Send(http, request);
            return (reply.Status, reply.Code);
        }
    }

    private static Callers Admitted(ToolDescriptor tool)
    {
        var name = Singular(tool.Name);
        var row = Matrix.Where(r => name.Contains(Singular(r.Noun), StringComparison.Ordinal))
            .OrderByDescending(r => name.LastIndexOf(Singular(r.Noun), StringComparison.Ordinal) + Singular(r.Noun).Length).ThenByDescending(r => r.Noun.Length)
            .FirstOrDefault();
        Assert.True(row.Noun is not null,
            $"{tool.Name} falls in no row of the matrix: name it after its noun, or add a row with what the contract says of it.");
        var effect = tool.Effect.ToString().ToLowerInvariant();
        return May(row.Platform, Callers.Platform) | May(row.HospitalAdmin, Callers.HospitalAdmin) | May(row.Doctor, Callers.Doctor)
            | May(row.Nurse, Callers.Nurse) | May(row.Receptionist, Callers.Receptionist) | May(row.Patient, Callers.Patient);

        Callers May(string effects, Callers kind) => effects.Split(' ').Contains(effect) ? kind : Callers.None;
    }

    /// <summary>Returns a name with its words in the singular, each between underscores.</summary>
    private static string Singular(string name) => $"_{name}_".Replace("ies_", "y_", StringComparison.Ordinal).Replace("s_", "_", StringComparison.Ordinal);
}
