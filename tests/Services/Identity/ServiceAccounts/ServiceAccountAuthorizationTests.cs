using System.Net;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.ServiceAccounts;

/// <summary>Tests who may give programs access to medical records, and to the users who have it.</summary>
public sealed class ServiceAccountAuthorizationTests
{
    [Fact]
    public async Task The_platform_gives_no_program_access_to_medical_records()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var program = await ServiceAccountClient.Create("people.read clinical.read", "NURSE");
        var (id, hospital) = (program.Account.Id, program.Account.HospitalId);
        var harmless = await Create("people.read");

        foreach (var scope in (string[])["clinical.read", "clinical.write", "medcor.read medcor.clinical"])
        {
            await AssertRefused("create_service_account", new { name = "Lab gateway", role = "NURSE", scope, hospital_id = hospital });
            await AssertRefused("update_service_account", new { service_account_id = harmless, scope });
        }
        await AssertRefused("create_api_key", new { service_account_id = id, name = "Production", expires_on = ServiceAccountClient.InDays(1) });
        await AssertRefused("rotate_api_key", new { api_key_id = program.Key.Id, expires_on = ServiceAccountClient.InDays(1) });
        await AssertRefused("update_service_account", new { service_account_id = id, jwks = (string?)null });
        await AssertRefused("update_service_account", new { service_account_id = id, is_active = true });

        await platform.Call("update_service_account", new { service_account_id = harmless, scope = "people.read medcor.clinical" });
        await platform.Call("revoke_api_key", new { api_key_id = program.Key.Id });
        await platform.Call("update_service_account", new { service_account_id = id, is_active = false });

        async Task<Guid> Create(string scope) =>
            (await platform.Call<ServiceAccount>("create_service_account", new { name = "Export", role = "NURSE", scope, hospital_id = hospital })).Id;

        async Task AssertRefused(string tool, object parameters)
        {
            var refused = await platform.TryCall(tool, parameters);
            Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
            Assert.Contains("managed by an administrator of their hospital", refused.Error.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>A program that creates users could create a doctor.</summary>
    [Theory, InlineData("people.write"), InlineData("people.delete"), InlineData("medcor.write"), InlineData("appointments.read medcor.delete")]
    public async Task The_platform_gives_no_program_the_right_to_change_users(string scope)
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var program = await ServiceAccountClient.Create(scope);
        var (id, hospital) = (program.Account.Id, program.Account.HospitalId);
        var harmless = (await platform.Call<ServiceAccount>("create_service_account",
            new { name = "Export", role = "ADMIN", scope = "people.read medcor.read", hospital_id = hospital })).Id;

        foreach (var (tool, parameters) in ((string, object)[])
            [
                ("create_service_account", new { name = "Leavers", role = "ADMIN", scope, hospital_id = hospital }),
                ("create_service_account", new { name = "Leavers", role = "NURSE", scope, hospital_id = hospital }),
                ("update_service_account", new { service_account_id = harmless, scope }),
                ("update_service_account", new { service_account_id = id, is_active = true }),
                ("create_api_key", new { service_account_id = id, name = "Production", expires_on = ServiceAccountClient.InDays(1) }),
                ("rotate_api_key", new { api_key_id = program.Key.Id, expires_on = ServiceAccountClient.InDays(1) }),
            ])
        {
            var refused = await platform.TryCall(tool, parameters);
            Assert.Equal((HttpStatusCode.Forbidden, "PERMISSION_DENIED"), (refused.Status, refused.Code));
            Assert.Contains("managed by an administrator of their hospital", refused.Error.Message, StringComparison.Ordinal);
        }
        foreach (var account in (Guid[])[id, harmless]) await platform.Call("update_service_account", new { service_account_id = account, is_active = false });
    }
}
