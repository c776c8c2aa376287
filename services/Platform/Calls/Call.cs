using System.Text.Json;
using System.Threading.RateLimiting;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using MedCor.Platform.Limits;
using MedCor.Platform.Tenancy;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.Calls;

/// <summary>
/// Represents one request for a tool or a resource. The caller is authenticated, their tenant entered, and their role and the scopes of their token checked
/// before it is handled. An access is recorded before its result is sent, and also when it is refused.
/// </summary>
/// <param name="name">The name of the tool or resource.</param>
/// <param name="callers">The kinds of callers that may make the call.</param>
/// <param name="scope">The scope that the call requires; null when it requires none.</param>
/// <param name="isAudited">Whether the audit trail records the call.</param>
/// <param name="requiresStepUp">Whether the caller's hospital can require a recent login.</param>
internal abstract class Call(HttpContext http, string name, Callers callers, Scope? scope, bool isAudited, bool requiresStepUp = false)
{
    protected HttpContext Http => http;

    protected IServiceProvider Services => http.RequestServices;

    protected CancellationToken Aborted => http.RequestAborted;

    public async Task RunAsync()
    {
        var caller = await Services.GetRequiredService<TokenValidator>().AuthenticateAsync(http);
        Services.GetRequiredService<TenantContext>().Enter(caller);
        try
        {
            if (!caller.IsOneOf(callers)) throw new Forbidden($"Your role does not include {name}.");
            if (scope is not null) caller.RequireScope(scope);
            if (requiresStepUp) caller.RequireStepUp(Services.GetRequiredService<TimeProvider>().GetUtcNow());
            await HandleAsync();
        }
        catch (ApiException refusal) when (isAudited && AuditDescriptor.GetOutcome(refusal) is { } outcome)
        {
            // In a transaction of its own, since that of the call was rolled back; and also when the caller has disconnected.
            await WriteAuditEventAsync(Services.GetRequiredService<IAuditTrail>(), outcome, [], CancellationToken.None);
            throw;
        }
    }

    /// <summary>Handles the call of a caller whose role and token include it. Refuses by throwing an <see cref="ApiException"/>.</summary>
    protected abstract Task HandleAsync();

    /// <summary>Writes what is known of the request to the audit trail. Called only for what is recorded.</summary>
    /// <param name="content">The audited entities of the result; empty when it has none or the call was refused.</param>
    protected abstract Task WriteAuditEventAsync(IAuditTrail trail, AuditOutcome outcome, IReadOnlyCollection<AuditedEntity> content, CancellationToken ct);

    /// <summary>Records the access to the audited entities of a result, if the call is recorded.</summary>
    protected Task RecordAccessAsync<TResult>(AuditOutcome outcome, TResult result, Func<TResult, IEnumerable<AuditedEntity>> find) =>
        isAudited ? WriteAuditEventAsync(Services.GetRequiredService<IAuditTrail>(), outcome, [.. find(result)], Aborted) : Task.CompletedTask;

    /// <summary>Waits for the memory that a result can take. It is released when the returned lease is disposed.</summary>
    /// <param name="limit">The requested number of entities; null when the result is not a list.</param>
    protected ValueTask<RateLimitLease> AcquireMemoryAsync(int? limit) =>
        Services.GetRequiredService<RequestMemoryLimiter>().AcquireForResponseAsync(limit ?? 1, Aborted);

    /// <summary>Serializes a result, records the access to it and sends it.</summary>
    /// <param name="limit">The requested number of entities; null when the result is not a list.</param>
    protected async Task SendAsync<TResult>(TResult result, int? limit, Action<Utf8JsonWriter, TResult> write,
        Func<TResult, IEnumerable<AuditedEntity>> find)
    {
        using var response = ResponseBuffer.WriteJson(json => write(json, result), limit);
        await RecordAccessAsync(AuditOutcome.Done, result, find);
        http.Response.ContentType = "application/json";
        await response.CopyToAsync(http.Response.BodyWriter, Aborted);
    }
}
