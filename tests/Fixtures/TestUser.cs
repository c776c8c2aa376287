using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.DemoData;

namespace MedCor.Tests.Fixtures;

/// <summary>Represents a new user, created for one test.</summary>
internal sealed record TestUser(Guid Id, string Email, string Password, User User)
{
    internal const string PlatformAdminEmail = "admin@medcor.example";
    internal const string HospitalAdminEmail = "admin@general.example";
    internal const string OtherHospitalAdminEmail = "admin@riverside.example";

    /// <summary>Gets the address of a demo account of each role: of the platform, or of the hospital of <see cref="HospitalAdminEmail"/>.</summary>
    internal static Dictionary<Callers, string> EmailByKind { get; } = DemoTenants.Hospitals[0].Accounts
        .Append((Kind: Callers.Platform, Email: PlatformAdminEmail)).ToDictionary(account => account.Kind, account => account.Email);

    internal static string NewEmail() => $"t{Guid.NewGuid():N}@people.example";

    /// <summary>Creates a user as an administrator of a hospital.</summary>
    internal static async Task<TestUser> Create(string role = "PATIENT", string by = HospitalAdminEmail) =>
        await Create(await ApiClient.LogInShared(by), role);

    /// <summary>Creates a user in the hospital of an administrator.</summary>
    internal static async Task<TestUser> Create(ApiClient admin, string role = "PATIENT")
    {
        var (email, password) = (NewEmail(), "Korrekt-Pferd-7");
        var user = await admin.Call<User>("create_user", new { email, password, first_name = "Robin", last_name = "Testperson", role });
        return new(user.Id, email, password, user);
    }

    /// <summary>Creates the first administrator of a hospital, as the platform does, and logs them in.</summary>
    internal static async Task<ApiClient> LogInNewAdmin(Guid hospital)
    {
        var (email, password) = (NewEmail(), "Korrekt-Pferd-7");
        await (await ApiClient.LogInShared(PlatformAdminEmail)).Call("create_user",
            new { email, password, first_name = "Ada", last_name = "Admin", role = "ADMIN", hospital_id = hospital });
        return await ApiClient.LogIn(email, password);
    }

    internal Task<ApiClient> LogIn(int gateway = 0) => ApiClient.LogIn(Email, Password, gateway);

    /// <summary>Posts to a path of the gateway without a token.</summary>
    internal static async Task<ApiResponse> Post(string path, object body)
    {
        using var http = await CreateAnonymousClient();
        using var response = await http.PostAsJsonAsync(path, body);
        return new(response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    internal static Task<ApiResponse> PostLogIn(string email, string password) => Post("/api/auth/login/", new { email, password });

    internal static Task<ApiResponse> PostRefresh(string refreshToken) => Post("/api/auth/refresh/", new { refresh_token = refreshToken });

    internal static async Task<HttpClient> CreateAnonymousClient() =>
        new() { BaseAddress = (await MedCorFixture.Get()).Gateways[0], Timeout = TimeSpan.FromSeconds(60) };
}
