using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.OpenApi;
using MedCor.ServiceDefaults.Errors;
using MedCor.Validation;

namespace MedCor.Gateway.Endpoints;

/// <summary>
/// Maps <c>POST /api/mcp/sse/ticket</c>, which exchanges a token for a ticket: for one path if the request names it, otherwise for every path that accepts
/// tickets.
/// </summary>
internal sealed class IssueTicketEndpoint(TicketStore tickets) : IEndpoints
{
    public void Map(IEndpointRouteBuilder app) => app.MapPost("/api/mcp/sse/ticket", HandleAsync).AcceptServerToken().Describe(
        "issue_ticket", ApiTags.Events, "A ticket for a browser",
        "For one connection within a minute, where no header can be sent: `/api/mcp/sse?ticket=…`, `/api/mcp/ws?ticket=…` or `/mcp/stream/{call_id}?ticket=…`. "
        + "With a `path` it is good for that path alone; without a body for any of the three.",
        _ => new()
        {
            Body = SchemaBuilder.ClosedObject("What the ticket is for.", ("path?", SchemaBuilder.Text(200, "The only path that it is to be good for."))),
            BodyIsOptional = true,
            BodyExamples = new() { ["bound"] = OperationDetails.Example(new JsonObject { ["path"] = TicketStore.SsePath }) },
            ResponseDescription = "The ticket.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("A ticket.", ("ticket", SchemaBuilder.Text(64, "Goes into the address.")),
                    ("expires_in", SchemaBuilder.Integer(0, 60, "How many seconds it is good for."))),
                new JsonObject
                {
                    ["ticket"] = "Yk8wQ0l2U3RnV1pGd0p5b1ZkR2hXc0x1TnFBcFJtRWM2VDFiSzRJajlIeE83M3pE", ["expires_in"] = TicketStore.LifetimeSeconds
                }),
        });

    private async Task HandleAsync(HttpContext http)
    {
        var ticket = await tickets.IssueAsync(http.GetCallerIdentity().Token, await ReadPathAsync(http));
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.WriteAsJsonAsync(new { Ticket = ticket, ExpiresIn = TicketStore.LifetimeSeconds }, Json.Options, http.RequestAborted);
    }

    /// <summary>
    /// Returns the path of the ticket in canonical form (<see cref="TicketStore.NormalizePath"/>); null when the request names none. Throws
    /// <see cref="ValidationFailed"/>.
    /// </summary>
    private static async Task<string?> ReadPathAsync(HttpContext http)
    {
        using var body = await RequestBody.ReadAsync(http);
        if (body.Bytes.IsEmpty) return null;
        if (!http.Request.HasJsonContentType()) throw new UnsupportedMediaType();
        if (ParameterReader<TicketRequest>.Read(body.Bytes.ToArray()).Path is not { } path) return null;
        return TicketStore.NormalizePath(path)
            ?? throw new ValidationFailed("path",
                $"must be {TicketStore.SsePath}, {TicketStore.WebSocketPath} or {TicketStore.ChatStreamPath} followed by the id of a call");
    }

    /// <summary>Represents the body of a request for a ticket.</summary>
    private sealed record TicketRequest([property: Length(1, 200)] string? Path = null);
}
