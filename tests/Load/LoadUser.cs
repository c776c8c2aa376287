using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.DemoData;

namespace MedCor.Load;

/// <summary>Somebody of the demo hospital, logged in.</summary>
internal sealed class LoadUser : IDisposable
{
    /// <summary>What a batch may hold.</summary>
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
        if (response.StatusCode != HttpStatusCode.OK) throw new MeasurementException($"{person.Email} could not log in: {await response.Content.ReadAsStringAsync()}");
        return new(http, (string)(await response.Content.ReadFromJsonAsync<JsonNode>())!["access_token"]!);
    }

    /// <summary>Makes one event that everybody in the hospital hears.</summary>
    public async Task CreateEvent(int number)
    {
        using var response = await _http.PostAsJsonAsync("/api/mcp/tools/invoke", DepartmentRequest(number));
        if (response.StatusCode != HttpStatusCode.OK) throw new MeasurementException($"An event could not be made: {await response.Content.ReadAsStringAsync()}");
    }

    /// <summary>Makes such events as fast as one client can.</summary>
    public async Task CreateEvents(int first, int count)
    {
        foreach (var numbers in Enumerable.Range(first, count).Chunk(BatchSize))
        {
            using var response = await _http.PostAsJsonAsync("/api/mcp/batch", new { requests = numbers.Select(DepartmentRequest) });
            var answers = await response.Content.ReadAsStringAsync();
            if (response.StatusCode != HttpStatusCode.OK || JsonNode.Parse(answers)!.AsArray().Any(a => a!["error"] is not null)) throw new MeasurementException($"Events could not be made: {answers}");
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>A new department: one row and one event, which concerns no other service, and so as many a second as may be.</summary>
    private static object DepartmentRequest(int number) => new { tool = "create_department", @params = new { name = "Load", code = NumberedEvents.Code(number) } };
}
