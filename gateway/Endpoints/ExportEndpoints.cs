using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.Authentication;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.OpenApi;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults.Authentication;
using MedCor.Validation;
using Microsoft.OpenApi;

namespace MedCor.Gateway.Endpoints;

/// <summary>
/// Maps <c>POST /api/mcp/exports/users/{user_id}</c> and <c>/api/mcp/exports/hospital</c>: all that MedCor stores about a person or of a hospital, as lines of
/// JSON. The gateway requests it from the services page by page and holds one page in memory. It renews the caller's token meanwhile, for as long as Identity
/// issues one.
/// </summary>
internal sealed class ExportEndpoints(ServiceForwarder forwarder, TokenExchange tokens, OpenConnectionLimiter connections, TimeProvider clock) : IEndpoints
{
    private const string UserId = "user_id";
    private const int MaxAttempts = 3;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>The services that answer before anything is sent: the one that knows the users, and the one that has most about them.</summary>
    private static readonly string[] First = ["identity", "clinical"];

    private static readonly string[] Services = [.. First, .. ServiceCatalogue.All.Select(s => s.Name).Except(First)];

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapPost($"/api/mcp/exports/users/{{{UserId}}}", http => ExportAsync(http, "export_user", ReadUserId(http))).Describe(
            "export_user", ApiTags.Accounts, "Export the data of a user",
            "Returns what all services store about a user, without secrets and what serves to log in: the account and, of a patient, appointments, medical "
            + "records with their versions, treatments and who has read them. Users export their own data; administrators of the user's hospital export it, "
            + "too, without the user's chats and sessions, which are the user's alone. " + Description,
            _ => Details(OperationDetails.Parameter(ParameterLocation.Path, UserId, "The ID of the user.", SchemaBuilder.Uuid())));
        app.MapPost("/api/mcp/exports/hospital", http => ExportAsync(http, "export_hospital", user: null)).Describe(
            "export_hospital", ApiTags.Accounts, "Export the data of your hospital",
            "Returns all that MedCor stores about your hospital and its users, from all services, except chats, sessions and secrets. For administrators of a "
            + "hospital. " + Description,
            _ => Details());
    }

    private const string Description =
        "Each line is a row of a table. The last line is `{\"complete\": true, \"rows\": …}`. If it has `\"complete\": false` and the reason in `error`, or if "
        + "there is no such line, the export is incomplete and must be repeated. "
        + "Each page that is read is recorded in the audit trail. The token must not be limited by scopes, and a hospital's sign-in policy can demand a recent "
        + "login (step-up).";

    private static OperationDetails Details(params OpenApiParameter[] parameters) => new()
    {
        Parameters = parameters,
        ResponseDescription = "The rows.",
        ResponseContents = OperationDetails.JsonLines(
            SchemaBuilder.Object("A row, or the end of the export.",
                ("service?", SchemaBuilder.Text(100, "The service that stores the row.")),
                ("table?", SchemaBuilder.Text(100, "The table.")),
                ("row?", SchemaBuilder.AnyObject("The columns of the row.")),
                ("complete?", SchemaBuilder.Boolean("Whether nothing is missing, in the last line.")),
                ("rows?", SchemaBuilder.Integer(0, int.MaxValue, "The number of rows that were exported, in the last line.")),
                ("error?", SchemaBuilder.Object("Why the export is incomplete, in the last line.",
                    ("code", SchemaBuilder.Text(50, "The error code.")),
                    ("message", SchemaBuilder.Text(1000, "What is wrong, and what to do."))))),
            "{\"service\":\"clinical\",\"table\":\"treatments\",\"row\":{\"id\":\"01980a3c-5d2e-7b41-9c07-3f6a1e8b2d54\",\"name\":\"Pain relief\"}}\n"
            + "{\"complete\":true,\"rows\":1}\n",
            maxLength: int.MaxValue),
        ErrorStatuses = [StatusCodes.Status403Forbidden, StatusCodes.Status404NotFound],
    };

    private async Task ExportAsync(HttpContext http, string name, Guid? user)
    {
        var context = InvocationContext.FromRequest(http, "exports");
        using var metrics = new ToolMetrics(context.Surface, name);
        using var lease = connections.AcquireExport(context.Caller);
        var opened = new List<ToolResponse>();
        try
        {
            foreach (var service in First)
            {
                opened.Add(await RequestPageAsync(context, name, service, new(user), http.RequestAborted));
                if (opened[^1].Status == StatusCodes.Status200OK) continue;
                metrics.RecordResponse(opened[^1].Status);
                await opened[^1].WriteToAsync(http);
                return;
            }
            if (await SendAllAsync(http, context, name, user, opened) is { } failure) metrics.RecordError(failure);
            else metrics.RecordResponse(StatusCodes.Status200OK);
        }
        catch (ApiException error)
        {
            metrics.RecordError(error);
            throw;
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            metrics.RecordAbandoned();
        }
        finally
        {
            foreach (var page in opened) page.Dispose();
        }
    }

    /// <summary>Sends all rows and the last line, which tells a failure. Returns the failure; null when the export is complete.</summary>
    private async Task<ApiException?> SendAllAsync(HttpContext http, InvocationContext context, string name, Guid? user, List<ToolResponse> opened)
    {
        http.Response.ContentType = "application/x-ndjson";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}.ndjson\"";
        var (rows, mayRenew) = (0L, true);
        try
        {
            foreach (var (i, service) in Services.Index())
            {
                var (after, count) = i < opened.Count ? await SendPageAsync(http, opened[i]) : ("", 0);
                // What was sent need not be kept until the end of the export.
                if (i < opened.Count) opened[i].Dispose();
                rows += count;
                while (after is not null)
                {
                    if (mayRenew && IsRenewalDue(context.Caller)) (context, mayRenew) = await RenewTokenAsync(context);
                    var next = new ExportPage(user, after.Length == 0 ? null : after, IsUnderWay: true);
                    using var page = await RequestPageAsync(context, name, service, next, http.RequestAborted);
                    if (page.Status != StatusCodes.Status200OK) throw ToFailure(page.Status);
                    (after, count) = await SendPageAsync(http, page);
                    rows += count;
                }
            }
        }
        // The client has received rows and the status 200, so only the last line can tell.
        catch (ApiException failure) when (http.Response.HasStarted)
        {
            var message = $"{failure.Message} The export is incomplete; repeat it from the beginning.";
            await SendLineAsync(http, new()
            {
                ["complete"] = false,
                ["rows"] = rows,
                ["error"] = new JsonObject { ["code"] = failure.Code, ["message"] = message },
            });
            return failure;
        }
        await SendLineAsync(http, new() { ["complete"] = true, ["rows"] = rows });
        return null;
    }

    private static Task SendLineAsync(HttpContext http, JsonObject line) =>
        ResponseSender.SendAsync(http, (byte[])[.. JsonSerializer.SerializeToUtf8Bytes(line), (byte)'\n']);

    /// <summary>
    /// Returns whether half of a token's time is over. Where tokens live for five minutes or longer, the rest suffices for all attempts to read a page and for
    /// sending it to a slow client.
    /// </summary>
    private bool IsRenewalDue(Caller caller) => clock.GetUtcNow() >= caller.ExpiresAt - (caller.ExpiresAt - caller.IssuedAt) / 2;

    /// <summary>
    /// Returns the context with a new token of the same session, and whether it may be renewed again. Without a new token, the export goes on with the present
    /// one until it expires.
    /// </summary>
    /// <exception cref="Unauthenticated">The caller has changed to another hospital, whose rows are none of this export.</exception>
    private async Task<(InvocationContext Context, bool MayRenew)> RenewTokenAsync(InvocationContext context)
    {
        try
        {
            var token = context.Authorization["Bearer ".Length..].Trim();
            if (await tokens.RequestAsync("/sessions/token", token) is not { } renewed) return (context, false);
            if (renewed.Caller.HospitalId != context.Caller.HospitalId)
                throw new Unauthenticated(ErrorCodes.AuthInvalid, "You belong to another hospital now. Log in again.");
            return (context with { Caller = renewed.Caller, Authorization = CallerIdentity.FormatAuthorization(renewed.Token) }, true);
        }
        catch (Unavailable)
        {
            // The next page tries again.
            return (context, true);
        }
    }

    /// <summary>Returns the error of a page that a service refused after the export had begun.</summary>
    private static ApiException ToFailure(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => new Unauthenticated(ErrorCodes.AuthInvalid,
            "The session is over, or its token was renewed for too long. Log in again."),
        StatusCodes.Status403Forbidden => new Forbidden("Your rights have changed."),
        _ => new Unavailable(),
    };

    /// <summary>Sends the rows of a page. Returns the position of the next page, null after the last one, and the number of rows.</summary>
    private static async Task<(string? After, int Rows)> SendPageAsync(HttpContext http, ToolResponse page)
    {
        var body = page.Body;
        var end = body.Span.LastIndexOf((byte)'\n') + 1;
        var after = end == body.Length ? null : Encoding.UTF8.GetString(body.Span[end..]);
        var rows = body.Span[..end].Count((byte)'\n');
        await ResponseSender.SendAsync(http, body[..end]);
        return (after, rows);
    }

    /// <summary>Requests a page, again if the service is unavailable for a moment: reading it twice changes nothing.</summary>
    private async Task<ToolResponse> RequestPageAsync(InvocationContext context, string name, string service, ExportPage page, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(RetryDelay, clock);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{service}{ExportPage.Path}")
                {
                    Content = new JsonBytesContent(new(JsonSerializer.SerializeToUtf8Bytes(page, Json.Options))),
                };
                var response = await forwarder.SendAsync(name, context.ServiceHeaders, request, isWrite: false, ct);
                if (response.Status != StatusCodes.Status503ServiceUnavailable || attempt == MaxAttempts) return response;
                response.Dispose();
            }
            catch (Unavailable) when (attempt < MaxAttempts && !ct.IsCancellationRequested)
            {
                // The next attempt may reach another replica.
            }
            await timer.WaitForNextTickAsync(ct);
        }
    }

    private static Guid ReadUserId(HttpContext http) =>
        Uuids.TryParse((string?)http.GetRouteValue(UserId), out var id) ? id : throw new ValidationFailed(UserId, "must be a UUID");
}
