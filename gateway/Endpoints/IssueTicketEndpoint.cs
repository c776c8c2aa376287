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
        "issue_ticket", ApiTags.Events, "Create a ticket",
        "Creates a ticket for clients that cannot send an Authorization header, such as a browser's EventSource. A ticket is valid for one minute and opens "
        + "one connection: `/api/mcp/sse?ticket=…`, `/api/mcp/ws?ticket=…` or `/mcp/stream/{call_id}?ticket=…`. With a `path`, the ticket is valid for that "
        + "path only; without a body, it is valid for any of the three.",
        _ => new()
        {
            Body = SchemaBuilder.ClosedObject("The scope of the ticket.", ("path?", SchemaBuilder.Text(200, "The only path for which the ticket is valid."))),
            BodyIsOptional = true,
            BodyExamples = new() { ["bound"] = OperationDetails.Example(new JsonObject { ["path"] = TicketStore.SsePath }) },
            ResponseDescription = "The ticket.",
            ResponseContents = OperationDetails.Json(
                SchemaBuilder.Object("A ticket.",
                    ("ticket", SchemaBuilder.Text(64, "The ticket, to send as the query parameter `ticket`.")),
                    ("expires_in", SchemaBuilder.Integer(0, 60, "The lifetime of the ticket in seconds."))),
                new JsonObject
                {
                    ["ticket"] = "Yk8wQ0l2U3RnV1pGd0p5b1ZkR2hXc0x1TnFBcFJtRWM2VDFiSzRJajlIeE83M3pE", ["expires_in"] = TicketStore.LifetimeSeconds
                }),
        });

    private async Task HandleAsync(HttpContext http)
    {
        var caller = http.GetCallerIdentity();
        var ticket = await tickets.IssueAsync(caller.ApiKey ?? caller.Token, caller.User, await ReadPathAsync(http));
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
