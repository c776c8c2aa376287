using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>Represents a separate hospital with a user of each role, and creates whatever a tool call needs to succeed there.</summary>
internal sealed class CatalogueFixture
{
    internal const string Password = "walking the catalogue 2026";

    /// <summary>The order in which callers are tried when several may call a tool.</summary>
    private static readonly Callers[] CallerOrder =
        [.. from kind in CallerKinds.All.Select(k => k.Value) orderby kind != Callers.HospitalAdmin, kind == Callers.Patient, kind select kind];

    private static readonly Lazy<Task<CatalogueFixture>> OwnHospital = new(New), ForeignHospital = new(New);

    /// <summary>Gets the hospital that the catalogue tests use. <see cref="Foreign"/> is one whose data they must never reach.</summary>
    public static Task<CatalogueFixture> Own => OwnHospital.Value;

    public static Task<CatalogueFixture> Foreign => ForeignHospital.Value;

    private readonly ConcurrentDictionary<(Callers, string), Lazy<Task<ApiClient>>> _limited = new();

    public required Guid Hospital { get; init; }
    public required IReadOnlyDictionary<Callers, ApiClient> People { get; init; }

    /// <summary>
    /// Gets the tools that the theories cover, including new ones. Prompt tools are excluded: their input depends on earlier answers, so
    /// <c>tests/Services/Chat/Prompts</c> covers them.
    /// </summary>
    public static IEnumerable<ToolDescriptor> CoveredTools => ToolCatalogue.All.Values.Where(t => !t.Name.Contains("_prompt", StringComparison.Ordinal));

    public static TheoryData<string> Tools => [.. from tool in CoveredTools select tool.Name];

    public static TheoryData<string> Writes => [.. from tool in CoveredTools where tool.Effect != Effect.Read select tool.Name];

    /// <summary>Returns the users who may call a tool, the likeliest to succeed first.</summary>
    public IEnumerable<ApiClient> CallersAllowed(ToolDescriptor tool) => from kind in CallerOrder where (tool.Callers & kind) != 0 select People[kind];

    public ApiClient Admin => People[Callers.HospitalAdmin];

    /// <summary>Logs in the user of a role with a token that is limited to scopes, once for all tests.</summary>
    public Task<ApiClient> LogIn(Callers kind, string scope) => _limited.GetOrAdd((kind, scope), _ => new(() => LogInAgain(People[kind], scope))).Value;

    /// <summary>Makes a call that succeeds: tries callers, optional parameters, choices and entities until one does.</summary>
    /// <param name="call">Makes one attempt; null for a plain call.</param>
    public async Task<SuccessfulCall> CallSuccessfully(ToolDescriptor tool, Func<ApiClient, JsonObject, Task<CallResponse>>? call = null)
    {
        var draft = new ParameterGenerator(tool);
        await EnsureListNotEmpty(tool);
        call ??= (caller, parameters) => caller.Post(tool, parameters);
        // A write is tried with all optional parameters first; a read is tried without them, because filters can empty a list.
        // Passwords are for one's own account alone.
        string[][] wholes = [[.. draft.Optional], [.. draft.Optional.Where(o => !o.Contains("password", StringComparison.Ordinal))], []];
        if (tool.Effect == Effect.Read) Array.Reverse(wholes);
        var last = "nobody may call it";
        foreach (var caller in CallersAllowed(tool))
            await foreach (var ids in IdSources(tool, draft, caller))
                foreach (var optional in (string[][])[.. wholes, .. draft.Optional.Select(o => (string[])[o])])
                    for (var choice = 0; choice < draft.ChoiceCount; choice++)
                    {
                        var parameters = await draft.Generate(optional, ids, choice);
                        var reply = await call(caller, parameters);
                        // Parameters that belong to another choice, such as the fields of another role, are refused by name.
                        if (reply.Status == HttpStatusCode.BadRequest && optional.Where(o => parameters.ContainsKey(o)
                            && SampleValues.MentionsParameter(reply.Details, o)).ToArray() is { Length: > 0 } refused && refused.Length < optional.Length)
                        {
                            foreach (var name in refused) parameters.Remove(name);
                            reply = await call(caller, parameters);
                        }
                        if (reply.Status == HttpStatusCode.OK) return new(caller, parameters, reply);
                        last = $"{parameters.ToJsonString()} was answered {reply}";
                    }
        throw new Xunit.Sdk.XunitException($"{tool.Name} never succeeded; at last, {last}");
    }

    /// <summary>
    /// Returns ways to obtain entity IDs: existing ones with a new one of the kind that the tool changes, then only new ones, then each listed one.
    /// </summary>
    private async IAsyncEnumerable<Func<string, Task<string>>> IdSources(ToolDescriptor tool, ParameterGenerator draft, ApiClient caller)
    {
        if (tool.Name == "unmerge_patients")
        {
            var (surviving, merged) = (await FindOrCreateId("surviving_patient"), await FindOrCreateId("merged_patient"));
            await Admin.Call("merge_patients", new { surviving_patient_id = surviving, merged_patient_id = merged });
            yield return kind => Task.FromResult(kind == "surviving_patient" ? surviving : merged);
            yield break;
        }
        if (tool.Name == "create_representative")
        {
            // Nobody acts for themselves.
            var user = (await Create("patient", Admin))!;
            yield return kind => Task.FromResult(kind == "user" ? user : People[Callers.Patient].Id.ToString());
            yield break;
        }
        var made = new Dictionary<string, string>();
        async Task<string> Anew(string kind) =>
            made.TryGetValue(kind, out var id) ? id : made[kind] = await Create(kind, caller) ?? await FindOrCreateId(kind, caller);

        var kinds = draft.Ids.Select(id => id.Kind).Distinct().ToArray();
        yield return kind => tool.Effect != Effect.Read && tool.Name.Contains(kind, StringComparison.Ordinal) ? Anew(kind) : FindOrCreateId(kind, caller);
        if (kinds.Length == 0 || tool.Effect == Effect.Read) yield break;
        yield return Anew;
        foreach (var id in await ListIds(kinds[0], caller))
            yield return kind => kind == kinds[0] ? Task.FromResult(id) : FindOrCreateId(kind, caller);
    }

    /// <summary>Returns the ID of an entity of a kind: the fixture's user or hospital, the first that is listed, or a new one.</summary>
    public async Task<string> FindOrCreateId(string kind, ApiClient? caller = null) => kind switch
    {
        "hospital" => Hospital.ToString(),
        "user" => People[Callers.Patient].Id.ToString(),
        // New ones, because a test may end them.
        "session" => await StartSession(caller ?? Admin),
        "surviving_patient" or "merged_patient" => (await Create("patient", Admin))!,
        _ when People.FirstOrDefault(p => p.Key.ToString().Equals(kind, StringComparison.OrdinalIgnoreCase)).Value is { } person => person.Id.ToString(),
        _ => await ListIds(kind, caller ?? Admin) is [var first, ..] ? first : await Create(kind, caller ?? Admin) ?? await Create(kind, Admin)
            ?? throw new Xunit.Sdk.XunitException($"There is no {kind}, and nothing creates one: the walk cannot try tools that take a {kind}_id."),
    };

    /// <summary>Returns the ID of an entity of a kind: <c>any</c>, <c>another</c> than that one, or a <c>new</c> one.</summary>
    public async Task<string> ResolveId(string which, string kind, ApiClient caller) => which switch
    {
        "new" => await Create(kind, caller) ?? throw new Xunit.Sdk.XunitException($"Nothing creates a {kind}."),
        "another" when await FindOrCreateId(kind, caller) is var one => (await ListIds(kind, caller)).First(id => id != one),
        _ => await FindOrCreateId(kind, caller),
    };

    /// <summary>Returns the IDs of all entities of a kind that a caller can list. Fails when no tool lists the kind.</summary>
    private Task<IReadOnlyList<string>> ListIds(string kind, ApiClient caller) => ListIds(FindListTool(kind), caller);

    private async Task<IReadOnlyList<string>> ListIds(ToolDescriptor list, ApiClient? by = null)
    {
        var caller = CallersAllowed(list).Contains(by) ? by! : CallersAllowed(list).First();
        var reply = await caller.Post(list, new JsonObject { ["limit"] = 100 });
        return [.. reply.Body["results"]!.AsArray().Select(r => (string)r!["id"]!)];
    }

    /// <summary>Returns the tool that lists entities of a kind.</summary>
    public static ToolDescriptor FindListTool(string kind) =>
        ToolCatalogue.All.Values.FirstOrDefault(t => t.Name.StartsWith("list_", StringComparison.Ordinal)
            && t.Name.EndsWith($"_{Plural(kind.EndsWith("_patient", StringComparison.Ordinal) ? "patient" : kind)}", StringComparison.Ordinal))
        ?? throw new Xunit.Sdk.XunitException(
            $"No tool lists a {kind}, so the walk cannot find one: add list_{Plural(kind)}, or name the id after what is listed.");

    /// <summary>Creates an entity if a list is empty and a tool can create one.</summary>
    private async Task EnsureListNotEmpty(ToolDescriptor list)
    {
        var created = ToolCatalogue.All.Values.FirstOrDefault(
            t => t.Name.StartsWith("create_", StringComparison.Ordinal) && list.Name == $"list_{Plural(t.Name["create_".Length..])}");
        if (created is not null && await ListIds(list) is []) await CallSuccessfully(created);
    }

    /// <summary>Logs a user in once more and returns the ID of the session.</summary>
    private async Task<string> StartSession(ApiClient user) => new JsonWebToken((await LogInAgain(user)).AccessToken).GetClaim("sid").Value;

    /// <summary>Has a patient of its own ask for a correction, because a later request replaces an earlier one, and returns the ID of the request.</summary>
    private async Task<string> RequestCorrection()
    {
        var email = TestUser.NewEmail();
        await Admin.Call("create_user", new { email, password = Password, first_name = "Wanda", last_name = "Walker", role = "PATIENT" });
        var patient = await LogInPermitted(email, scope: null);
        return (string)(await patient.Call("create_correction_request", new { last_name = "Wanderer" }))["id"]!;
    }

    private async Task<ApiClient> LogInAgain(ApiClient user, string? scope = null)
    {
        var email = (await user.Call<User>("get_current_user")).Email!;
        return user == People[Callers.Platform] ? await ApiClient.LogIn(email, scope: scope) : await LogInPermitted(email, scope);
    }

    /// <summary>Logs a user in under the default sign-in policy and with a password, which walks may forbid at the same time.</summary>
    private Task<ApiClient> LogInPermitted(string email, string? scope) => ApiClient.LogIn(email, Password, scope: scope, beforeEachAttempt: async () =>
    {
        await Admin.Call("update_identity_provider", new { is_required = false });
        await Admin.Call("update_sign_in_policy", new
        {
            second_factor_roles = Array.Empty<string>(),
            idle_minutes = SignInPolicy.MaxIdleMinutes,
            max_session_hours = SignInPolicy.LongestSessionHours,
            step_up_minutes = (int?)null,
        });
    });

    /// <summary>Creates an entity of a kind and returns its ID; null when the caller may not create one. Doctors and patients are users of that role.</summary>
    private async Task<string?> Create(string kind, ApiClient caller)
    {
        if (kind == "session") return await StartSession(caller);
        if (kind == "correction_request") return await RequestCorrection();
        // Of somebody else, because nobody reviews their own.
        if (kind == "emergency_override")
            return (string)(await People[Callers.Doctor].Call("break_glass", new { patient_id = People[Callers.Patient].Id, reason = "Unconscious" }))["id"]!;
        var creating = ToolCatalogue.All.Values.Where(t => t.Name.StartsWith("create_", StringComparison.Ordinal) && CallersAllowed(t).Contains(caller))
            .ToArray();
        if (creating.FirstOrDefault(t => t.Name.EndsWith($"_{kind}", StringComparison.Ordinal)) is { } tool)
            return (string)(await CallSuccessfully(tool)).Reply.Body["id"]!;
        foreach (var create in creating)
            foreach (var (name, schema) in new ParameterGenerator(create).Parameters)
                if (ParameterGenerator.Values(schema).Contains(kind.ToUpperInvariant()))
                {
                    // Of those that can be left out, some roles need an address.
                    var parameters = await new ParameterGenerator(create).Generate(["email"], k => FindOrCreateId(k, caller));
                    parameters[name] = kind.ToUpperInvariant();
                    return (string)(await caller.Post(create, parameters)).Body["id"]!;
                }
        return null;
    }

    private static string Plural(string kind) => kind.EndsWith('y') && !kind.EndsWith("ey", StringComparison.Ordinal) ? $"{kind[..^1]}ies" : $"{kind}s";

    /// <summary>Creates a new hospital with its users. Costs eight password hashes.</summary>
    public static async Task<CatalogueFixture> New()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var opening = ToolCatalogue.All["create_hospital"];
        var opened = await platform.Post(opening, await new ParameterGenerator(opening).Generate([], Task.FromResult));
        var hospital = opened.Read<Contracts.Hospital.Hospital>().Id;
        var people = new ConcurrentDictionary<Callers, ApiClient> { [Callers.Platform] = platform };
        await CreateUser(Callers.HospitalAdmin, "ADMIN", by: platform);
        // Two at once, because each costs two password hashes.
        await Parallel.ForEachAsync(CallerOrder.Where(kind => !people.ContainsKey(kind)), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (kind, _) =>
            await CreateUser(kind, kind.ToString().ToUpperInvariant(), by: people[Callers.HospitalAdmin]));
        var premises = new CatalogueFixture { Hospital = hospital, People = people };
        await premises.CompleteAppointment();
        return premises;

        async Task CreateUser(Callers kind, string role, ApiClient by)
        {
            var email = TestUser.NewEmail();
            await by.Call("create_user", new { email, password = Password, first_name = "Wanda", last_name = "Walker", role, hospital_id = hospital });
            people[kind] = await ApiClient.LogIn(email, Password);
        }
    }

    /// <summary>Creates one completed appointment, which the patient can rate.</summary>
    private async Task CompleteAppointment()
    {
        var booked = (await CallSuccessfully(ToolCatalogue.All["create_appointment"])).Reply.Read<Appointment>();
        foreach (var status in (string[])["IN_PROGRESS", "COMPLETED"])
            await Admin.Call("update_appointment_status", new { appointment_id = booked.Id, status });
    }
}

/// <summary>Represents a successful call.</summary>
internal sealed record SuccessfulCall(ApiClient Caller, JsonObject Parameters, CallResponse Reply);
