using System.Text.Json;
using MedCor.Chat.LanguageModel;
using MedCor.Chat.ToolUse;
using MedCor.ChatStreams;
using MedCor.Contracts;
using MedCor.Contracts.Chat;
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
        services.AddScoped<TokenBudget>().AddScoped<ChatRunStarter>().AddScoped<ChatRunCanceller>();
    }

    public static void MapChatRuns(this IEndpointRouteBuilder app)
    {
        app.MapGet("/chat/model",
            (ChatModelClient model) => model.IsConfigured ? Results.Ok() : Results.Text(MissingKeyMessage, statusCode: StatusCodes.Status503ServiceUnavailable))
            .AvailableWithoutDatabase();
        app.MapPost("/chat/calls", async (HttpContext http, ChatAuthenticator callers, ChatRunStarter starter, IOptions<ModelOptions> model) =>
        {
            var caller = await callers.AuthenticateAsync(http);
            caller.User?.RequireScope(Scopes.WriteChat);
            var request = ExecuteRequestReader.Read(await http.ReadBodyAsync(), model.Value, caller.User);
            var key = http.Request.Headers[IdempotencyHeaders.Key].ToString() is { Length: > 0 } sent ? sent : null;
            var (started, isReplay) = await starter.StartAsync(caller.Owner, request, key, ToolUser.Of(http, caller.User), http.RequestAborted);
            if (isReplay) http.Response.Headers[IdempotencyHeaders.Replayed] = "true";
            return Results.Json(started, Json.Options);
        });
        app.MapPost("/chat/calls/{runId:guid}/cancel", async (Guid runId, HttpContext http, ChatAuthenticator callers, ChatRunCanceller canceller) =>
            Results.Json(
                new { Status = await canceller.CancelAsync(await callers.AuthenticateAsync(http, Scopes.WriteChat), runId, http.RequestAborted) },
                Json.Options));
        app.MapPost("/chat/calls/cancel", async (HttpContext http, ChatAuthenticator callers, ChatRunCanceller canceller) =>
            Results.Json(await canceller.CancelAllAsync(await callers.AuthenticateAsync(http, Scopes.WriteChat), http.RequestAborted), Json.Options));
        app.MapPost("/chat/calls/{runId:guid}/confirm", async (Guid runId, HttpContext http, ChatAuthenticator callers, ConfirmationHandler confirmations) =>
        {
            var caller = await callers.AuthenticateAsync(http);
            caller.User?.RequireScope(Scopes.WriteChat);
            var answer = ParameterReader<ConfirmCall>.Read(await http.ReadBodyAsync());
            // A program without a user starts no run with tools.
            if (ToolUser.Of(http, caller.User) is not { } user) throw new ChatRunNotFound(runId.ToString());
            return Results.Json(await confirmations.ConfirmAsync(user.ForRun(runId, model: ""), answer, http.RequestAborted), Json.Options);
        });
        app.MapGet("/chat/calls/{runId:guid}", GetSavedAsync);
    }

    /// <summary>Returns the stored run, for when Redis no longer has it.</summary>
    private static async Task<IResult> GetSavedAsync(Guid runId, HttpContext http, ChatAuthenticator callers, ChatDb db)
    {
        var (owner, user) = await callers.AuthenticateAsync(http);
        user?.RequireScope(Scopes.ReadChat);
        user?.RequireChat();
        db.Tenancy.Enter(owner.HospitalId);
        var run = await db.Runs.AsNoTracking()
            .SingleOrDefaultAsync(c => c.HospitalId == owner.HospitalId && c.OwnerId == owner.UserId && c.Id == runId, http.RequestAborted)
            ?? throw new ChatRunNotFound(runId.ToString());
        var ending = run.Ending is null ? null : JsonSerializer.Deserialize<ChatRunEnd>(run.Ending, Json.Options);
        return Results.Json(
            run.State == ChatRunState.Started ? new SavedChatRun(ChatRunState.Error, "", ChatRunEnd.Lost) : new SavedChatRun(run.State, run.Answer, ending),
            Json.Options);
    }
}
