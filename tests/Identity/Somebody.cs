using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Tests.EndToEnd;

namespace MedCor.Tests.Identity;

/// <summary>Somebody new, of a test's own.</summary>
internal sealed record Somebody(Guid Id, string Email, string Password, JsonNode User)
{
    internal const string Platform = "admin@medcor.example";
    internal const string Admin = "admin@general.example";
    internal const string OtherAdmin = "admin@riverside.example";

    internal static string NewEmail() => $"t{Guid.NewGuid():N}@people.example";

    /// <summary>Has an account opened by an administrator of a hospital.</summary>
    internal static async Task<Somebody> New(string role = "PATIENT", string by = Admin)
    {
        var (email, password) = (NewEmail(), "Korrekt-Pferd-7");
        var admin = await Client.As(by);
        var user = await admin.Do("create_user", new { email, password, first_name = "Robin", last_name = "Testperson", role });
        return new(Guid.Parse((string)user["id"]!), email, password, user);
    }

    internal Task<Client> LogIn(int gateway = 0) => Client.As(Email, Password, gateway);

    /// <summary>Posts to a path of the gateway without a token.</summary>
    internal static async Task<Answer> Post(string path, object body)
    {
        using var http = await Anonymous();
        using var response = await http.PostAsJsonAsync(path, body);
        return new(response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    internal static Task<Answer> TryLogIn(string email, string password) => Post("/api/auth/login/", new { email, password });

    internal static Task<Answer> Refresh(string refreshToken) => Post("/api/auth/refresh/", new { refresh_token = refreshToken });

    internal static async Task<HttpClient> Anonymous() => new() { BaseAddress = (await RunningHouse.Get()).Gateways[0], Timeout = TimeSpan.FromSeconds(60) };
}
