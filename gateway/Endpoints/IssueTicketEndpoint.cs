using System.Buffers;
using System.ComponentModel.DataAnnotations;
using MedCor.Contracts;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.ServiceDefaults.Errors;
using MedCor.Validation;

namespace MedCor.Gateway.Endpoints;

/// <summary><c>POST /api/mcp/sse/ticket</c>: exchanges a token for a ticket, for one path when the request names it, else for any of those that take tickets.</summary>
internal sealed class IssueTicketEndpoint(TicketStore tickets) : IEndpoints
{
    public void Map(IEndpointRouteBuilder app) => app.MapPost("/api/mcp/sse/ticket", HandleAsync).AcceptServerToken();

    private async Task HandleAsync(HttpContext http)
    {
        var ticket = await tickets.IssueAsync(http.GetCallerIdentity().Token, await ReadPathAsync(http));
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.WriteAsJsonAsync(new { Ticket = ticket, ExpiresIn = TicketStore.LifetimeSeconds }, Json.Options, http.RequestAborted);
    }

    /// <summary>The path that the ticket is to be good for, as <see cref="TicketStore.NormalizePath"/> writes it; null when the request names none. Throws <see cref="ValidationFailed"/>.</summary>
    private static async Task<string?> ReadPathAsync(HttpContext http)
    {
        using var body = await RequestBody.ReadAsync(http);
        if (body.Bytes.IsEmpty) return null;
        if (!http.Request.HasJsonContentType()) throw new UnsupportedMediaType();
        if (ParameterReader<TicketRequest>.Read(body.Bytes.ToArray()).Path is not { } path) return null;
        return TicketStore.NormalizePath(path)
            ?? throw new ValidationFailed("path", $"must be {TicketStore.SsePath}, {TicketStore.WebSocketPath} or {TicketStore.ChatStreamPath} followed by the id of a call");
    }

    /// <summary>What a request for a ticket may say.</summary>
    private sealed record TicketRequest([property: Length(1, 200)] string? Path = null);
}
