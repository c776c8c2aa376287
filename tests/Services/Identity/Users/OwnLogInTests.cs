using System.Net;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.Users;

/// <summary>Tests that no program, with whatever scopes, does what gives access that lasts longer than its own.</summary>
public sealed class OwnLogInTests
{
    [Theory, InlineData(true), InlineData(false)]
    public async Task A_program_neither_makes_administrators_nor_takes_accounts_over_and_their_user_does(bool hasServiceAccount)
    {
        var somebody = await TestUser.Create("NURSE");
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        var token = await Obtain(hasServiceAccount);

        foreach (var (tool, parameters) in ((string, object)[])
            [
                ("create_user", NewUser("ADMIN", "Korrekt-Pferd-7")), ("create_user", NewUser("ADMIN", null)),
                ("update_user", new { user_id = somebody.Id, role = "ADMIN" }),
                ("update_user", new { user_id = somebody.Id, email = TestUser.NewEmail() }),
                ("reset_second_factor", new { user_id = somebody.Id }), ("update_sign_in_policy", new { idle_minutes = 5 }),
                ("update_sign_in_policy", new { }), ("erase_user", new { user_id = somebody.Id }),
                ("merge_patients", new { surviving_patient_id = Guid.NewGuid(), merged_patient_id = somebody.Id }),
                ("unmerge_patients", new { surviving_patient_id = Guid.NewGuid(), merged_patient_id = somebody.Id }),
            ])
        {
            var refused = await ServiceAccountClient.Call(token, tool, parameters);
            Assert.True((refused.Status, refused.Code) == (HttpStatusCode.Forbidden, "PERMISSION_DENIED"), $"{tool}: {refused}");
            Assert.Contains("Only users who have logged in themselves", refused.Text, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.OK, (await ServiceAccountClient.Call(token, "create_user", NewUser("NURSE", "Korrekt-Pferd-7"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await ServiceAccountClient.Call(token, "update_user",
            new { user_id = somebody.Id, email = somebody.Email, phone_number = "+1-555-0166" })).Status);
        await admin.Call("update_user", new { user_id = somebody.Id, email = TestUser.NewEmail(), role = "ADMIN" });
        await admin.Call<SecondFactorReset>("reset_second_factor", new { user_id = somebody.Id });

        static object NewUser(string role, string? password) => password is null
            ? new { email = TestUser.NewEmail(), first_name = "Robin", last_name = "Testperson", role }
            : new { email = TestUser.NewEmail(), password, first_name = "Robin", last_name = "Testperson", role };
    }

    private static async Task<string> Obtain(bool hasServiceAccount)
    {
        if (hasServiceAccount) return (await ServiceAccountClient.Create("people.delete")).Key.ApiKey;
        using var client = await OAuthClient.Register();
        return (await client.Obtain(TestUser.HospitalAdminEmail, "medcor.delete")).AccessToken();
    }
}
