using System.Net;
using System.Net.Http.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Services.Identity.Sessions;

/// <summary>Tests what the audit trail records of logins and accounts, and that administrators and patients can list it.</summary>
public class SessionTrailTests
{
    [Fact]
    public async Task A_login_its_failures_the_lock_and_the_log_out_are_listed_with_who_from_where_and_what_came_of_it()
    {
        var somebody = await TestUser.Create();
        var client = await somebody.LogIn();
        for (var i = 0; i < 5; i++) Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(somebody.Email, "wrong")).Code);
        Assert.Equal("RATE_LIMIT", (await TestUser.PostLogIn(somebody.Email, somebody.Password)).Code);
        using (await client.Http.PostAsync(new Uri("/api/auth/logout/", UriKind.Relative), null)) { }

        var events = await Listed(somebody, count: 8);

        Assert.Equal(
            ["log_in DONE PATIENT", .. Enumerable.Repeat("log_in FORBIDDEN ANONYMOUS", 5), "lock_out DONE ANONYMOUS", "log_out DONE PATIENT"],
            events.Select(e => $"{e.Action} {EnumNames.Of(e.Outcome)} {EnumNames.Of(e.Role)}"));
        Assert.All(events, e => Assert.Equal((AuditKind.Session, somebody.Id, "identity"), (e.Kind, e.PatientId, e.Service)));
        Assert.Equal([somebody.Id, null], events.Take(2).Select(e => e.UserId));
        Assert.Equal((events[0].ResourceId, events[0].SessionId), (events[^1].ResourceId, events[^1].SessionId));
        Assert.All(events, e => Assert.True(IPAddress.IsLoopback(IPAddress.Parse(e.ClientAddress!))));
        Assert.All(events, e => Assert.NotNull(e.RequestId));
    }

    [Fact]
    public async Task The_reuse_of_a_refresh_token_is_listed_as_refused()
    {
        var somebody = await TestUser.Create("NURSE");
        var client = await somebody.LogIn();
        await TestUser.PostRefresh(client.RefreshToken);
        await TestUser.PostRefresh(client.RefreshToken);

        var reuse = (await Listed(somebody, count: 2))[^1];

        Assert.Equal(("reuse_token", "sessions", AuditOutcome.Forbidden), (reuse.Action, reuse.Resource, reuse.Outcome));
    }

    [Fact]
    public async Task A_correct_password_without_the_second_factor_is_listed_as_refused()
    {
        var somebody = await TestUser.Create();
        await TestAuthenticator.SetUp(somebody);

        Assert.Equal("AUTH_SECOND_FACTOR", (await TestUser.PostLogIn(somebody.Email, somebody.Password)).Code);

        await WaitFor(somebody, "log_in", AuditOutcome.Forbidden, e => e.Fields is ["second_factor"]);
    }

    [Fact]
    public async Task A_refused_change_of_the_hospital_is_listed()
    {
        var somebody = await TestUser.Create();
        var client = await somebody.LogIn();

        using (var refused = await client.Http.PostAsJsonAsync("/api/auth/switch", new { hospital_id = Guid.NewGuid() }))
            Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);

        await WaitFor(somebody, "switch_hospital", AuditOutcome.Missing, e => e.UserId == somebody.Id);
    }

    [Fact]
    public async Task A_failure_with_an_address_that_nobody_has_is_in_the_trail_of_the_platform_without_the_address()
    {
        var (house, email) = (await MedCorFixture.Get(), TestUser.NewEmail());
        var before = await Count();

        await TestUser.PostLogIn(email, "wrong");

        Assert.InRange(await Count() - before, 1, long.MaxValue);
        Assert.Equal(0, await house.QueryNumber("identity", "SELECT count(*) FROM audit_events e WHERE position(cast($1 AS text) IN e::text) > 0", email));

        Task<long> Count() => house.QueryNumber("identity", """
            SELECT count(*) FROM audit_events
            WHERE hospital_id = '00000000-0000-0000-0000-000000000000' AND action = 'log_in' AND outcome = 'FORBIDDEN' AND resource_id IS NULL
            """);
    }

    [Fact]
    public async Task A_change_of_an_account_names_what_was_changed_and_who_changed_it()
    {
        var (admin, somebody) = (await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await TestUser.Create("NURSE"));
        await admin.Call("update_user", new { user_id = somebody.Id, role = "RECEPTIONIST", phone_number = "+49 30 5550113" });

        IReadOnlyList<AuditEvent> events = [];
        await Wait.Until(async () => (events = (await admin.Call<Page<AuditEvent>>("list_audit_events",
            new { kind = "ACCOUNT", resource_id = somebody.Id, sort = "created_at" })).Results).Count == 2, "both changes are listed");

        Assert.Equal(["create_user", "update_user"], events.Select(e => e.Action));
        Assert.Equal((admin.Id, ActingRole.HospitalAdmin), (events[1].UserId, events[1].Role));
        Assert.Equal(["role", "phone_number"], events[1].Fields);
    }

    [Fact]
    public async Task A_patient_learns_who_read_their_data()
    {
        var somebody = await TestUser.Create();
        var (patient, nurse) = (await somebody.LogIn(), await (await TestUser.Create("NURSE")).LogIn());
        await nurse.Call("get_patient", new { patient_id = somebody.Id });

        await Wait.Until(async () => (await patient.Call<Page<AuditEvent>>("list_audit_events", new { kind = "DEMOGRAPHIC" })).Results
            .Any(e => e.Action == "get_patient" && e.UserId == nurse.Id && e.ResourceId == somebody.Id), "the read is listed");
    }

    private static async Task WaitFor(TestUser patient, string action, AuditOutcome outcome, Predicate<AuditEvent> isIt)
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        await Wait.Until(async () => (await admin.Call<Page<AuditEvent>>("list_audit_events", new { patient_id = patient.Id, kind = "SESSION" })).Results
            .Any(e => e.Action == action && e.Outcome == outcome && isIt(e)), $"{action} is listed");
    }

    /// <summary>Returns what the trail has of somebody's logins, the oldest first, once that is a number of events.</summary>
    private static async Task<IReadOnlyList<AuditEvent>> Listed(TestUser somebody, int count)
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        IReadOnlyList<AuditEvent> events = [];
        await Wait.Until(async () =>
        {
            var by = somebody.User.Role == Role.Patient ? "patient_id" : "user_id";
            events = (await admin.Call<Page<AuditEvent>>("list_audit_events",
                new Dictionary<string, object> { [by] = somebody.Id, ["kind"] = "SESSION", ["sort"] = "created_at" })).Results;
            return events.Count == count;
        }, $"{count} events are listed", explain: () => string.Join(", ", events.Select(e => e.Action)));
        return events;
    }
}
