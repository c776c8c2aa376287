using System.Net;
using System.Net.Http.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;
using Npgsql;
using StackExchange.Redis;

namespace MedCor.Tests.EndToEnd;

/// <summary>Tests that an erased user is found nowhere any more, except where the law keeps them.</summary>
public class ErasureTests
{
    [Fact]
    public async Task Of_an_erased_patient_nothing_is_left_that_should_be_gone_and_their_records_are_kept()
    {
        var (house, ward) = (await MedCorFixture.Get(), await ClinicFixture.Open());
        var (doctor, patient) = (await ward.LogInDoctor(), await ward.LogInPatient());
        var (phone, mother) = ($"+1555{Random.Shared.NextInt64(1_000_000, 9_999_999)}", TestUser.NewEmail());
        await ward.Admin.Call("update_user", new
        {
            user_id = ward.Patient, phone_number = phone, date_of_birth = "1990-02-03", contacts = new[] { new { name = "Mother", email = mother } },
        });
        var visit = await ward.Book("10:00:00");
        var record = await doctor.Call<MedicalRecord>("create_medical_record", new { patient_id = ward.Patient, title = "Checkup", record_type = "CHECKUP" });
        await PromptClient.Start(patient, "appointment_booking");
        var chat = new ChatStreamClient(patient.Http, patient.AccessToken);
        var call = await chat.Start(ChatFixture.NewQuestion());
        await chat.ReadToEnd(call);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(house.RedisConnectionString);
        Assert.True(await redis.GetDatabase().KeyExistsAsync($"medcor:chat:events:{call}"));
        Assert.True(await CountOwnRows(house, ward.Patient) > 4);
        Assert.NotEmpty(await FindText(house, ward.PatientEmail));

        var erased = await ward.Admin.Call<ErasedUser>("erase_user", new { user_id = ward.Patient });

        Assert.Equal((ward.Patient, false, visit.Id), (erased.Id, erased.IsActive, Assert.Single(erased.Affected).Id));
        // The proof of each service.
        await Wait.Until(async () => (await Trail(ward, ward.Patient)).Select(e => e.Action).ToHashSet()
            .SetEquals(ServiceCatalogue.All.Select(s => $"erase_user/{s.Name}")), "every service has recorded that it erased the user");
        Assert.All(await Trail(ward, ward.Patient),
            e => Assert.Equal(((Guid?)ward.Admin.Id, ActingRole.HospitalAdmin, AuditOutcome.Done), (e.UserId, e.Role, e.Outcome)));
        Assert.Empty(await FindText(house, ward.PatientEmail));
        foreach (var contact in (string[])[phone, mother, string.Concat(phone[1..].Reverse())]) Assert.Empty(await FindText(house, contact));
        Assert.Equal(0, await CountOwnRows(house, ward.Patient));
        Assert.False(await redis.GetDatabase().KeyExistsAsync($"medcor:chat:events:{call}"));

        using var anybody = new HttpClient { BaseAddress = house.Gateways[0] };
        using var refused = await anybody.PostAsJsonAsync("/api/auth/login/", new { email = ward.PatientEmail, password = ClinicFixture.Password });
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        await Wait.Until(async () => (await patient.TryCall("get_current_user")).Status == HttpStatusCode.Unauthorized, "the user's tokens have ended");

        var kept = (await doctor.Call<Page<Appointment>>("list_appointments", new { patient_id = ward.Patient })).Results.Single();
        Assert.Equal((visit.Id, visit.PatientName), (kept.Id, kept.PatientName));
        Assert.Equal("Checkup", (await doctor.Call<MedicalRecord>("get_medical_record", new { record_id = record.Id })).Title);
        var account = await ward.Admin.Call<User>("get_user", new { user_id = ward.Patient });
        Assert.Null(account.Email);
        Assert.Null(account.PhoneNumber);
        Assert.Equal((false, new DateOnly(1990, 2, 3)), (account.IsActive, account.DateOfBirth));
    }

    [Fact]
    public async Task An_erasure_is_final_and_repeating_it_changes_nothing()
    {
        var ward = await ClinicFixture.Open();

        var first = await ward.Admin.Call<ErasedUser>("erase_user", new { user_id = ward.Doctor });
        var second = await ward.Admin.Call<ErasedUser>("erase_user", new { user_id = ward.Doctor });

        Assert.Equal((first.Version, first.ErasedAt), (second.Version, second.ErasedAt));
        // A service that has missed the first erasure hears of it again.
        await Wait.Until(async () => (await Trail(ward, ward.Doctor)).CountBy(e => e.Action).Count(proofs => proofs.Value == 2)
            == ServiceCatalogue.All.Count, "every service has recorded both");
        foreach (var change in (object[])[new { user_id = ward.Doctor, is_active = true }, new { user_id = ward.Doctor, email = TestUser.NewEmail() }])
            Assert.Equal("CONFLICT", (await ward.Admin.TryCall("update_user", change)).Code);
    }

    [Fact]
    public async Task A_merged_duplicate_is_erased_with_the_patient_and_stays_so_when_the_merge_is_undone()
    {
        var ward = await ClinicFixture.Open();
        var (patient, duplicate) = (await ward.CreatePatient(), await ward.CreatePatient());
        var merge = new { surviving_patient_id = patient, merged_patient_id = duplicate };
        await ward.Admin.Call("merge_patients", merge);

        Assert.Equal("CONFLICT", (await ward.Admin.TryCall("erase_user", new { user_id = duplicate })).Code);
        await ward.Admin.Call("erase_user", new { user_id = patient });

        foreach (var id in (Guid[])[patient, duplicate])
            Assert.Null((await ward.Admin.Call<User>("get_user", new { user_id = id })).Email);
        await Wait.Until(async () => (await ward.Admin.TryCall("unmerge_patients", merge)).Status == HttpStatusCode.OK, "the merge can be undone");
        Assert.False((await ward.Admin.Call<User>("get_user", new { user_id = duplicate })).IsActive);
    }

    [Fact]
    public async Task Only_administrators_of_the_users_hospital_erase_and_never_themselves()
    {
        var (ward, foreign) = (await ClinicFixture.GetSharedReadOnly(), await ApiClient.LogInShared("admin@riverside.example"));

        Assert.Equal(ErrorCodes.ResourceNotFound, (await foreign.TryCall("erase_user", new { user_id = ward.Patient })).Code);
        Assert.Equal(ErrorCodes.PermissionDenied, (await ward.Admin.TryCall("erase_user", new { user_id = ward.Admin.Id })).Code);
        foreach (var email in (string[])["doctor@general.example", "nurse@general.example", "patient@general.example", "receptionist@general.example"])
            Assert.Equal(ErrorCodes.PermissionDenied, (await (await ApiClient.LogInShared(email)).TryCall("erase_user", new { user_id = ward.Patient })).Code);
    }

    private static async Task<IReadOnlyList<AuditEvent>> Trail(ClinicFixture ward, Guid erased) =>
        [
            .. (await ward.Admin.Call<Page<AuditEvent>>("list_audit_events",
                    new { resource = "users", resource_id = erased, kind = "ACCOUNT", limit = 100 })).Results
                .Where(e => e.Action.StartsWith("erase_user/", StringComparison.Ordinal)),
        ];

    /// <summary>
    /// Returns the tables of all services with a row that contains a text. Left out are published events, which are kept for a week, and the results of calls
    /// of others, which are kept for a day.
    /// </summary>
    private static async Task<IReadOnlyList<string>> FindText(MedCorFixture house, string text)
    {
        var found = new List<string>();
        foreach (var service in ServiceCatalogue.All)
        {
            await using var database = await house.OpenDatabase(service.Name);
            foreach (var table in await Read(database,
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('outbox', 'recorded_calls')"))
                if ((await Read(database, $"""SELECT '' FROM "{table}" AS r WHERE position($1 IN r::text) > 0 LIMIT 1""", text)).Count > 0)
                    found.Add($"{service.Name}.{table}");
        }
        return found;
    }

    /// <summary>Returns the number of rows that only the user could have caused: logins, chats, results of calls.</summary>
    private static async Task<long> CountOwnRows(MedCorFixture house, Guid user)
    {
        var count = await house.QueryNumber("identity",
            "SELECT (SELECT count(*) FROM memberships WHERE user_id = $1 AND login_id IS NOT NULL) + (SELECT count(*) FROM sessions WHERE user_id = $1)", user);
        count += await house.QueryNumber("chat", """
            SELECT (SELECT count(*) FROM chat_calls WHERE owner_id = $1) + (SELECT count(*) FROM prompt_sessions WHERE owner_id = $1)
                + (SELECT count(*) FROM chat_usage WHERE owner_id = $1)
            """, user);
        foreach (var service in ServiceCatalogue.All)
            count += await house.QueryNumber(service.Name, "SELECT count(*) FROM recorded_calls WHERE caller_id = $1", user);
        return count;
    }

    private static async Task<IReadOnlyList<string>> Read(NpgsqlConnection database, string sql, params string[] values)
    {
        await using var command = new NpgsqlCommand(sql, database);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync()) rows.Add(reader.GetString(0));
        return rows;
    }
}
