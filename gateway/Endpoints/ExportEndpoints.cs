using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedCor.Contracts;
using MedCor.Gateway.HttpPipeline;
using MedCor.Gateway.Limits;
using MedCor.Gateway.OpenApi;
using MedCor.Gateway.ToolInvocation;
using MedCor.Validation;
using Microsoft.OpenApi;

namespace MedCor.Gateway.Endpoints;

/// <summary>
/// Maps <c>POST /api/mcp/exports/users/{user_id}</c> and <c>/api/mcp/exports/hospital</c>: all that MedCor stores about a person or of a hospital, as lines of
/// JSON. The gateway requests it from the services page by page and holds one page in memory.
/// </summary>
internal sealed class ExportEndpoints(ServiceForwarder forwarder, OpenConnectionLimiter connections, TimeProvider clock) : IEndpoints
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
        "Each line is a row of a table. The last line is `{\"complete\": true, \"rows\": …}`; without it, the export was interrupted and must be repeated. "
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
                ("complete?", SchemaBuilder.Boolean("True in the last line.")),
                ("rows?", SchemaBuilder.Integer(0, int.MaxValue, "The number of rows that were exported, in the last line."))),
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
            await SendAllAsync(http, context, name, user, opened);
            metrics.RecordResponse(StatusCodes.Status200OK);
        }
        catch (ApiException error)
        {
            metrics.RecordError(error);
            // The client has received rows, so only the missing end can tell that there are more.
            if (!http.Response.HasStarted) throw;
            http.Abort();
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

    private async Task SendAllAsync(HttpContext http, InvocationContext context, string name, Guid? user, List<ToolResponse> opened)
    {
        http.Response.ContentType = "application/x-ndjson";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}.ndjson\"";
        var rows = 0L;
        foreach (var (i, service) in Services.Index())
        {
            var (after, count) = i < opened.Count ? await SendPageAsync(http, opened[i]) : ("", 0);
            // What was sent need not be kept until the end of the export.
            if (i < opened.Count) opened[i].Dispose();
            rows += count;
            while (after is not null)
            {
                var next = new ExportPage(user, after.Length == 0 ? null : after, IsUnderWay: true);
                using var page = await RequestPageAsync(context, name, service, next, http.RequestAborted);
                if (page.Status != StatusCodes.Status200OK) throw new Unavailable();
                (after, count) = await SendPageAsync(http, page);
                rows += count;
            }
        }
        await ResponseSender.SendAsync(http, JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["complete"] = true, ["rows"] = rows }));
        await ResponseSender.SendAsync(http, "\n"u8.ToArray());
    }

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
