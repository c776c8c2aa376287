using System.Net;
using System.Net.Http.Json;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Services.Identity.Recovery;

/// <summary>Represents somebody whose login opens a user of each of two hospitals. The owner has proved to receive mail at the address.</summary>
/// <param name="First">The user at the hospital that has created the login.</param>
/// <param name="Second">The user at the hospital that was added to it.</param>
internal sealed record LinkedUser(string Email, User First, User Second)
{
    internal const string Password = "Korrekt-Pferd-7";

    /// <summary>Creates a user of both hospitals of the demo data.</summary>
    internal static async Task<LinkedUser> Create(string role = "NURSE") => await Create(
        await ApiClient.LogInShared(TestUser.HospitalAdminEmail), await ApiClient.LogInShared(TestUser.OtherHospitalAdminEmail), role);

    /// <summary>Creates a user of the hospitals of two administrators.</summary>
    internal static async Task<LinkedUser> Create(ApiClient first, ApiClient second, string role = "NURSE")
    {
        var email = TestUser.NewEmail();
        using var mails = await MailboxClient.Open();
        var one = await Register(first, email, role);
        Assert.Equal(HttpStatusCode.NoContent, await SetPassword(await mails.WaitForToken(email, "Your MedCor account")));
        var other = await Register(second, email, role);
        using var browser = await Pages.Open();
        var linked = await browser.Submit($"/oauth/link-hospital?token={await mails.WaitForToken(email, "A hospital has registered you")}");
        Assert.True(linked.Status == HttpStatusCode.OK, linked.Html);
        return new(email, one, other);
    }

    internal static Task<User> Register(ApiClient admin, string email, string role = "NURSE") =>
        admin.Call<User>("create_user", new { email, first_name = "Robin", last_name = "Testperson", role });

    /// <summary>Logs in, at a hospital or at the one that was used last.</summary>
    internal Task<ApiResponse> PostLogIn(Guid? hospital = null) => hospital is null
        ? TestUser.PostLogIn(Email, Password)
        : TestUser.Post("/api/auth/login", new { email = Email, password = Password, hospital_id = hospital });

    internal async Task<SessionTokens> LogIn(Guid? hospital = null) => (await PostLogIn(hospital)).Read<SessionTokens>();

    private static async Task<HttpStatusCode> SetPassword(string token)
    {
        using var http = await TestUser.CreateAnonymousClient();
        using var response = await http.PostAsJsonAsync("/api/auth/password", new { token, password = Password });
        return response.StatusCode;
    }
}
