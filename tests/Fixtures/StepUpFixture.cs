using MedCor.Contracts.Identity;
using Microsoft.IdentityModel.JsonWebTokens;

namespace MedCor.Tests.Fixtures;

/// <summary>Represents a hospital whose sign-in policy requires step-up, and an administrator of it.</summary>
/// <param name="Hospital">The hospital, whose first administrator has logged in before the policy was set.</param>
/// <param name="Fresh">The administrator, logged in now.</param>
/// <param name="Stale">The same administrator, logged in too long ago.</param>
internal sealed record StepUpFixture(ClinicFixture Hospital, TestUser Admin, ApiClient Fresh, ApiClient Stale)
{
    /// <summary>How many minutes ago a caller may have logged in.</summary>
    public const int Minutes = 60;

    public static async Task<StepUpFixture> Create()
    {
        var hospital = await ClinicFixture.OpenHospital("Europe/Berlin");
        var admin = await TestUser.Create(hospital.Admin, "ADMIN");
        var former = await admin.LogIn();
        await hospital.Admin.Call("update_sign_in_policy", new { step_up_minutes = Minutes });
        return new(hospital, admin, await admin.LogIn(), await Age(former, Minutes + 1));
    }

    /// <summary>Returns the session of a client, with new tokens, as if it had begun some minutes earlier.</summary>
    public static async Task<ApiClient> Age(ApiClient client, int minutes)
    {
        var session = Guid.Parse(new JsonWebToken(client.AccessToken).GetClaim("sid").Value);
        await (await MedCorFixture.Get()).QueryNumber("identity",
            "UPDATE sessions SET started_at = started_at - $2 * interval '1 minute' WHERE id = $1 RETURNING 1", session, minutes);
        var tokens = (await TestUser.PostRefresh(client.RefreshToken)).Read<SessionTokens>();
        var http = new HttpClient { BaseAddress = client.Http.BaseAddress, Timeout = client.Http.Timeout };
        http.DefaultRequestHeaders.Authorization = new("Bearer", tokens.AccessToken);
        return new(http, tokens.AccessToken, tokens.RefreshToken, client.Id, client.HospitalId);
    }

    /// <summary>Returns the challenge of a response that requires a more recent login (RFC 9470).</summary>
    public static string Challenge(int minutes) => "Bearer realm=\"medcor\", error=\"insufficient_user_authentication\", "
        + $"error_description=\"A more recent login is required\", max_age=\"{minutes * 60}\"";
}
