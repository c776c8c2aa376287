using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using MedCor.Contracts.Identity;

namespace MedCor.Tests.Fixtures;

/// <summary>Represents a program with a service account.</summary>
/// <param name="Admin">The administrator who manages the account.</param>
/// <param name="Key">Its first API key.</param>
internal sealed record ServiceAccountClient(ApiClient Admin, ServiceAccount Account, NewApiKey Key)
{
    /// <summary>Creates a service account with an API key at the demo hospital.</summary>
    public static async Task<ServiceAccountClient> Create(string scope = "people.read", string role = "ADMIN", string? jwks = null)
    {
        var admin = await ApiClient.LogInShared(TestUser.HospitalAdminEmail);
        var account = await admin.Call<ServiceAccount>("create_service_account",
            jwks is null ? new { name = "Lab gateway", role, scope } : new { name = "Lab gateway", role, scope, jwks });
        return new(admin, account, await CreateKey(admin, account.Id));
    }

    public static Task<NewApiKey> CreateKey(ApiClient admin, Guid account) =>
        admin.Call<NewApiKey>("create_api_key", new { service_account_id = account, name = "Production", expires_on = InDays(30) });

    public static string InDays(int days) => DateTime.UtcNow.AddDays(days).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Requests a token with the client credentials grant.</summary>
    /// <param name="secret">The client secret; null when the form authenticates the client.</param>
    /// <param name="basic">Whether the secret is sent in the header.</param>
    public async Task<(HttpStatusCode Status, JsonNode Body)> RequestToken(string? secret, bool basic = false, params (string Name, string Value)[] form)
    {
        using var http = await TestUser.CreateAnonymousClient();
        List<(string Name, string Value)> fields = [("grant_type", "client_credentials"), .. form];
        if (form.All(f => f.Name != "resource")) fields.Add(("resource", http.BaseAddress!.ToString().TrimEnd('/') + "/api"));
        if (basic)
            http.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Account.Id}:{secret}")));
        else
        {
            fields.Add(("client_id", Account.Id.ToString()));
            if (secret is not null) fields.Add(("client_secret", secret));
        }
        using var response = await http.PostAsync(new Uri("/oauth/token", UriKind.Relative),
            new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))));
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    /// <summary>Calls a tool with an access token or an API key.</summary>
    public static async Task<CallResponse> Call(string credential, string tool = "list_users", object? parameters = null, int gateway = 0)
    {
        var gateways = (await MedCorFixture.Get()).Gateways;
        using var http = new HttpClient { BaseAddress = gateways[gateway % gateways.Count] };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential);
        using var response = await http.PostAsJsonAsync($"/api/mcp/tools/{tool}", parameters ?? new { });
        return new(response.StatusCode, await response.Content.ReadAsStringAsync(), IsReplay: false);
    }

    /// <summary>Waits until a credential is refused at every gateway.</summary>
    public static Task AssertEnds(string credential) => Wait.Until(
        async () => (await Call(credential)).Code == "AUTH_INVALID" && (await Call(credential, gateway: 1)).Code == "AUTH_INVALID",
        "the credential is good no longer", TimeSpan.FromSeconds(10));
}
