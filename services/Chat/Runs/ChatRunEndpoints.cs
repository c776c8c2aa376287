using System.Text.Json;
using MedCor.Chat.LanguageModel;
using MedCor.Chat.ToolUse;
using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Calls;
using MedCor.ServiceDefaults.Health;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace MedCor.Chat.Runs;

/// <summary>
/// Registers the services of chat runs and maps the paths by which the gateway starts, cancels and looks up
/// runs. The gateway reads the events of a run from Redis directly.
/// </summary>
internal static class ChatRunEndpoints
{
    /// <summary>The error when no API key is configured.</summary>
    public const string MissingKeyMessage = "missing OPENAI_API_KEY";

    public static void AddChatRuns(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<ModelOptions>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart()
            .Validate(o =>
                string.IsNullOrEmpty(o.BaseUrl) || Uri.TryCreate(o.BaseUrl, UriKind.Absolute, out var address) && address.Scheme is "http" or "https",
                "OPENAI_BASE_URL must be an address such as https://models.example/v1.");
        services.AddSingleton<ChatModelClient>().AddSingleton<RedisRetryPolicies>().AddSingleton<ChatRunStore>();
        services.AddSingleton<RunWorker>().AddHostedService(s => s.GetRequiredService<RunWorker>());
        services.AddHostedService<RunReconciler>();
        services.AddOptions<ChatLimits>().Bind(builder.Configuration).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ToolRunner>().AddSingleton<ConfirmationStore>().AddScoped<ConfirmationHandler>();
        services.AddScoped<ChatTrail>().AddScoped<TokenBudget>().AddScoped<ChatRunStarter>().AddScoped<ChatRunCanceller>();
    }

    public static void MapChatRuns(this IEndpointRouteBuilder app)
    {
        app.MapGet("/chat/model",
            (ChatModelClient model) => model.IsConfigured ? Results.Ok() : Results.Text(MissingKeyMessage, statusCode: StatusCodes.Status503ServiceUnavailable))
            .AvailableWithoutDatabase();
        app.MapPost("/chat/calls", async (HttpContext http, ChatAuthenticator callers, ChatRunStarter starter, ChatTrail trail,
            IOptions<ModelOptions> model) =>
        {
            var (caller, ct) = (await callers.AuthenticateAsync(http), http.RequestAborted);
            // What was started is recorded with it.
            var (started, isReplay) = await trail.RecordAsync(caller, "start_chat", runId: null, async () =>
            {
                caller.User?.RequireScope(Scopes.WriteChat);
                var request = ExecuteRequestReader.Read(await http.ReadBodyAsync(), model.Value, caller.User);
                var key = http.Request.Headers[IdempotencyHeaders.Key].ToString() is { Length: > 0 } sent ? sent : null;
                return await starter.StartAsync(caller, request, key, ToolUser.Of(http, caller.User), ct);
            }, ct, result => result.IsReplay ? AuditOutcome.Replayed : null);
            if (isReplay) http.Response.Headers[IdempotencyHeaders.Replayed] = "true";
            return Results.Json(started, Json.Options);
        });
        app.MapPost("/chat/calls/{runId:guid}/cancel", async (Guid runId, HttpContext http, ChatAuthenticator callers, ChatRunCanceller canceller,
            ChatTrail trail) =>
        {
            var (caller, ct) = (await callers.AuthenticateAsync(http), http.RequestAborted);
            return Results.Json(new
            {
                Status = await trail.RecordAsync(caller, "cancel_chat", runId, () =>
                {
                    caller.User?.RequireScope(Scopes.WriteChat);
                    return canceller.CancelAsync(caller.Owner, runId, ct);
                }, ct),
            }, Json.Options);
        });
        app.MapPost("/chat/calls/cancel", async (HttpContext http, ChatAuthenticator callers, ChatRunCanceller canceller, ChatTrail trail) =>
        {
            var (caller, ct) = (await callers.AuthenticateAsync(http), http.RequestAborted);
            return Results.Json(await trail.RecordAsync(caller, "cancel_all_chats", runId: null, () =>
            {
                caller.User?.RequireScope(Scopes.WriteChat);
                return canceller.CancelAllAsync(caller.Owner, ct);
            }, ct), Json.Options);
        });
        app.MapPost("/chat/calls/{runId:guid}/confirm", async (Guid runId, HttpContext http, ChatAuthenticator callers, ConfirmationHandler confirmations,
            ChatTrail trail) =>
        {
            var (caller, ct) = (await callers.AuthenticateAsync(http), http.RequestAborted);
            return Results.Json(await trail.RecordAsync(caller, "confirm_chat_tool", runId, async () =>
            {
                caller.User?.RequireScope(Scopes.WriteChat);
                var answer = ParameterReader<ConfirmCall>.Read(await http.ReadBodyAsync());
                // A program without a user starts no run with tools.
                if (ToolUser.Of(http, caller.User) is not { } user) throw new ChatRunNotFound(runId.ToString());
                return await confirmations.ConfirmAsync(user.ForRun(runId, model: ""), answer, ct);
            }, ct), Json.Options);
        });
        app.MapGet("/chat/calls/{runId:guid}", async (Guid runId, HttpContext http, ChatAuthenticator callers, ChatDb db, ChatTrail trail) =>
        {
            var (caller, ct) = (await callers.AuthenticateAsync(http), http.RequestAborted);
            return Results.Json(await trail.RecordAsync(caller, "read_chat", runId, () =>
            {
                caller.User?.RequireScope(Scopes.ReadChat);
                caller.User?.RequireChat();
                return GetSavedAsync(runId, caller.Owner, db, ct);
            }, ct), Json.Options);
        });
    }

    /// <summary>Returns the stored run, for when Redis no longer has it.</summary>
    private static async Task<SavedChatRun> GetSavedAsync(Guid runId, ChatRunOwner owner, ChatDb db, CancellationToken ct)
    {
        db.Tenancy.Enter(owner.HospitalId);
        var run = await db.Runs.AsNoTracking()
            .SingleOrDefaultAsync(c => c.HospitalId == owner.HospitalId && c.OwnerId == owner.UserId && c.Id == runId, ct)
            ?? throw new ChatRunNotFound(runId.ToString());
        var ending = run.Ending is null ? null : JsonSerializer.Deserialize<ChatRunEnd>(run.Ending, Json.Options);
        return run.State == ChatRunState.Started ? new(ChatRunState.Error, "", ChatRunEnd.Lost) : new(run.State, run.Answer, ending);
    }
}
