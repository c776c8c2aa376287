using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MedCor.Tests.Clinical;
using MedCor.Tests.EndToEnd;
using MedCor.Tests.Gateway;
using Npgsql;

namespace MedCor.Tests.Identity.Sessions;

public sealed class RenewAccessTests
{
    [Fact]
    public async Task A_token_is_renewed_for_as_long_as_its_session_is_good_and_from_inside_alone()
    {
        var patient = await (await Ward.Open()).AsPatient();
        await using var identity = await OwnGateway.StartOf("identity");

        using var renewed = await identity.Post(patient, "/sessions/token", new { });
        var token = (string)(await renewed.Content.ReadFromJsonAsync<JsonNode>())!["token"]!;
        Assert.NotEqual(patient.AccessToken, token);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/get_current_user") { Headers = { Authorization = new("Bearer", token) } };
        using var answer = await patient.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        using var atTheGateway = await patient.Http.PostAsync("/sessions/token", null);
        using var byNobody = await identity.Post(null, "/sessions/token", new { });
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.Unauthorized), (atTheGateway.StatusCode, byNobody.StatusCode));

        // Nobody refreshed it in time: its token still counts, and is the last.
        await using (var database = await (await RunningHouse.Get()).Database("identity"))
        await using (var expire = new NpgsqlCommand("UPDATE refresh_tokens SET expires_at = now() WHERE session_id IN (SELECT id FROM sessions WHERE user_id = $1)", database) { Parameters = { new() { Value = patient.Id } } })
            await expire.ExecuteNonQueryAsync();
        using var late = await identity.Post(patient, "/sessions/token", new { });
        Assert.Equal(HttpStatusCode.Unauthorized, late.StatusCode);
        Assert.Equal(patient.Id.ToString(), (string?)(await patient.Do("get_current_user"))["id"]);
    }
}
