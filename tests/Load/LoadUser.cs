using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.DemoData;

namespace MedCor.Load;

/// <summary>Represents a logged-in user of the demo hospital.</summary>
internal sealed class LoadUser : IDisposable
{
    /// <summary>The maximum number of requests in a batch.</summary>
    private const int BatchSize = 100;

    private readonly HttpClient _http;

    private LoadUser(HttpClient http, string token)
    {
        (_http, Token) = (http, token);
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);
    }

    public string Token { get; }

    public static async Task<LoadUser> LogIn(Gateway gateway, DemoPerson person)
    {
        var http = new HttpClient { BaseAddress = gateway.Address };
        using var response = await http.PostAsJsonAsync("/api/auth/login/", new { email = person.Email, password = DemoTenants.Password });
        if (response.StatusCode != HttpStatusCode.OK)
            throw new MeasurementException($"{person.Email} could not log in: {await response.Content.ReadAsStringAsync()}");
        return new(http, (string)(await response.Content.ReadFromJsonAsync<JsonNode>())!["access_token"]!);
    }

    /// <summary>Creates a service account that may read hospitals, and returns an API key of it.</summary>
    public async Task<string> CreateApiKey()
    {
        var account = await Call("create_service_account", new { name = $"Load {Guid.NewGuid():N}", role = "ADMIN", scope = "hospitals.read" });
        var key = await Call("create_api_key",
            new { service_account_id = (string)account["id"]!, name = "Load", expires_on = $"{DateTime.UtcNow.AddDays(2):yyyy-MM-dd}" });
        return (string)key["api_key"]!;
    }

    /// <summary>Searches for a patient.</summary>
    public Task FindPatients(object parameters) => Call("find_patients", parameters);

    private async Task<JsonNode> Call(string tool, object parameters)
    {
        using var response = await _http.PostAsJsonAsync("/api/mcp/tools/invoke", new { tool, @params = parameters });
        var body = await response.Content.ReadAsStringAsync();
        if (response.StatusCode != HttpStatusCode.OK) throw new MeasurementException($"{tool} failed: {body}");
        return JsonNode.Parse(body)!;
    }

    /// <summary>Creates one event that is delivered to everyone in the hospital.</summary>
    public async Task CreateEvent(int number)
    {
        using var response = await _http.PostAsJsonAsync("/api/mcp/tools/invoke", DepartmentRequest(number));
        if (response.StatusCode != HttpStatusCode.OK)
            throw new MeasurementException($"An event could not be made: {await response.Content.ReadAsStringAsync()}");
    }

    /// <summary>Creates numbered events as fast as one client can.</summary>
    public async Task CreateEvents(int first, int count)
    {
        foreach (var numbers in Enumerable.Range(first, count).Chunk(BatchSize))
        {
            using var response = await _http.PostAsJsonAsync("/api/mcp/batch", new { requests = numbers.Select(DepartmentRequest) });
            var answers = await response.Content.ReadAsStringAsync();
            if (response.StatusCode != HttpStatusCode.OK || JsonNode.Parse(answers)!.AsArray().Any(a => a!["error"] is not null))
                throw new MeasurementException($"Events could not be made: {answers}");
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>
    /// Creates a request for a new department. That is one row and one event, and no other service handles it, so the rate of events is as high as possible.
    /// </summary>
    private static object DepartmentRequest(int number) =>
        new { tool = "create_department", @params = new { name = "Load", code = NumberedEvents.Code(number) } };
}
