using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.EndToEnd.Catalogue;

/// <summary>
/// Tests that every call of a tool and every read of a resource leaves its event in the trail of its service by the time it is answered, whether it is carried
/// out or refused. <c>tests/Architecture/AuditCoverageTests</c> says what is recorded; what is no tool is tested with its service.
/// </summary>
public class AuditTests
{
    private static readonly Callers[] Kinds = [Callers.HospitalAdmin, Callers.Platform, Callers.Doctor, Callers.Patient];

    /// <summary>Gets the recorded tools whose calls the walk can make by itself.</summary>
    public static TheoryData<string> Callable => [.. CatalogueFixture.CoveredTools.Where(tool => tool.Audit is not null).Select(tool => tool.Name)];

    public static TheoryData<string> Tools => [.. from tool in ToolCatalogue.All.Values where tool.Audit is not null select tool.Name];

    public static TheoryData<string> Resources => [.. from resource in ResourceCatalogue.All.Values where resource.Audit is not null select resource.Name];

    [Theory, MemberData(nameof(Callable))]
    public async Task A_call_is_on_record_when_it_is_answered(string name)
    {
        var (tool, request) = (ToolCatalogue.All[name], "");

        await (await CatalogueFixture.Own).CallSuccessfully(tool, async (caller, parameters) => await Call(caller, tool, parameters, request = NewRequestId()));

        Assert.InRange(await CountEvents(tool.Service, request, name, tool.Audit!, AuditOutcome.Done), 1, 100);
    }

    [Theory, MemberData(nameof(Tools))]
    public async Task A_call_that_the_token_does_not_permit_is_on_record(string name)
    {
        var (tool, here, request) = (ToolCatalogue.All[name], await CatalogueFixture.Own, NewRequestId());

        var reply = await Call(await here.LogIn(KindOf(tool.Callers), Insufficient(tool.Scope)), tool, [], request);

        Assert.Equal(HttpStatusCode.Forbidden, reply.Status);
        Assert.Equal(1, await CountEvents(tool.Service, request, name, tool.Audit!, AuditOutcome.Forbidden));
    }

    [Theory, MemberData(nameof(Tools))]
    public async Task A_call_that_is_not_valid_is_on_record(string name)
    {
        var (tool, here, request) = (ToolCatalogue.All[name], await CatalogueFixture.Own, NewRequestId());

        var reply = await Call(here.People[KindOf(tool.Callers)], tool, new JsonObject { ["nonsense"] = 1 }, request);

        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        Assert.Equal(1, await CountEvents(tool.Service, request, name, tool.Audit!, AuditOutcome.Invalid));
    }

    [Theory, MemberData(nameof(Resources))]
    public async Task A_read_of_a_resource_is_on_record(string name)
    {
        var (resource, here) = (ResourceCatalogue.All[name], await CatalogueFixture.Own);
        var (read, refused) = (NewRequestId(), NewRequestId());

        Assert.Equal(HttpStatusCode.OK, await Read(here.People[KindOf(resource.Callers)], name, read));
        Assert.Equal(HttpStatusCode.Forbidden, await Read(await here.LogIn(KindOf(resource.Callers), Insufficient(resource.Scope)), name, refused));

        Assert.InRange(await CountEvents(resource.Service, read, $"resources/{name}", resource.Audit!, AuditOutcome.Done), 1, 100);
        Assert.Equal(1, await CountEvents(resource.Service, refused, $"resources/{name}", resource.Audit!, AuditOutcome.Forbidden));
    }

    private static string NewRequestId() => $"walk-{Guid.NewGuid():N}";

    private static Callers KindOf(Callers callers) => Kinds.First(kind => (callers & kind) != 0);

    private static string Insufficient(Scope required) => required.Area == "analytics" ? "billing.read" : "analytics.read";

    /// <summary>Calls a tool. Where the system is too busy, the call is repeated with its key, as the error tells clients to.</summary>
    private static async Task<CallResponse> Call(ApiClient caller, ToolDescriptor tool, JsonObject parameters, string requestId)
    {
        var (key, reply) = (Guid.NewGuid().ToString(), (CallResponse?)null);
        await Wait.Until(async () =>
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, "/api/mcp/tools/invoke")
            {
                Content = new StringContent(
                    $$"""{"tool":{{JsonSerializer.Serialize(tool.Name)}},"params":{{parameters.ToJsonString()}}}""", Encoding.UTF8, "application/json"),
                Headers = { { "X-Request-Id", requestId }, { "Idempotency-Key", key } },
            };
            reply = await ToolCallExtensions.Send(caller.Http, message);
            return reply.Status != HttpStatusCode.ServiceUnavailable;
        }, $"{tool.Name} is answered", TimeSpan.FromMinutes(1), () => reply?.ToString() ?? "");
        return reply!;
    }

    private static async Task<HttpStatusCode> Read(ApiClient caller, string resource, string requestId)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, $"/api/mcp/resources/{resource}?limit=5") { Headers = { { "X-Request-Id", requestId } } };
        using var response = await caller.Http.SendAsync(message);
        return response.StatusCode;
    }

    private static async Task<long> CountEvents(string service, string requestId, string action, AuditDescriptor audit, AuditOutcome outcome) =>
        await (await MedCorFixture.Get()).QueryNumber(service, """
            SELECT count(*) FROM audit_events
            WHERE request_id = $1 AND action = $2 AND kind = $3 AND resource = $4 AND outcome = $5 AND service IS NULL
            """, requestId, action, EnumNames.Of(audit.Kind), audit.Resource, EnumNames.Of(outcome));
}
